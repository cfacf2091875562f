import { item, LATER, NOW, type Payload } from './payload.ts';

/** Payloads of what reads and writes the dashboard's own tables. */

const risks = {
  table: 'plans',
  id: 'id',
  column: 'risks',
  path: ['list'],
  client_name: 'client_name',
  client_uuid: 'client_uuid',
};

export const dashboard: Record<string, Payload> = {
  touchpoint_dashboard_probe: () => ({ risks }),
  touchpoint_risk_hash: () => ({
    risk: { title: 'Churn', description: 'They may leave', mitigation: 'Call' },
  }),
  touchpoint_dashboard_page: () => ({ source: 'risks', version: '1', limit: 10, after: 'a', risks }),
  touchpoint_dashboard_commit: ({ client }) => ({
    source: 'actions',
    now: NOW,
    rows: [{ key: 'A1', hash: 'h', source_key: 'k9', erase: false }],
    items: [{ ...item(client), kind: 'action' }],
  }),
  touchpoint_dashboard_gone: () => ({ source: 'risks', now: NOW, risks }),
  touchpoint_dashboard_directory: () => ({ note: 'nothing is read' }),
  touchpoint_dashboard_clients_put: ({ client }) => ({
    clients: [{ id: client, name: 'Acme', aliases: ['AC'], domains: ['acme.example'] }],
  }),
  touchpoint_dashboard_skips: () => ({ now: NOW }),
  touchpoint_publish_actions: () => ({ limit: 10 }),
  touchpoint_publish_meeting_types: () => ({ limit: 10 }),
  touchpoint_publish_nps: () => ({ limit: 10 }),
  touchpoint_meetings_to_publish: () => ({ version: '1', now: NOW, limit: 10, after: '0' }),
  touchpoint_publish_meetings: ({ touchpoint }) => ({
    rows: [
      {
        id: touchpoint,
        hash: 'h',
        gone: false,
        wanted: {
          meeting_id: 'OUTLOOK-g1',
          outlook_event_id: 'g1',
          title: 'QBR',
          client_name: 'Barwon Health',
          meeting_date: '2026-03-02',
          meeting_time: '09:00',
          status: 'scheduled',
          organizer: LATER,
          attendees: ['Nora'],
        },
      },
    ],
  }),
  touchpoint_dashboard_undo: () => ({ note: 'nothing is read' }),
};
