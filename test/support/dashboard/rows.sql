-- Rows as odd as those that were found.

insert into public.clients (id, canonical_name, display_name) values
  ('00000000-0000-4000-8000-000000000001', 'SA Health', 'SA Health'),
  ('00000000-0000-4000-8000-000000000002', 'SA Health iPro', 'iPro at SA Health'),
  ('00000000-0000-4000-8000-000000000003', 'Barwon Health', 'Barwon');
insert into public.client_name_aliases (display_name, canonical_name, is_active) values
  ('BH', 'Barwon Health', true), ('Geelong', 'Barwon Health', false);
insert into public.client_email_domains (client_id, domain) values
  ('00000000-0000-4000-8000-000000000003', 'Barwonhealth.example');
insert into public.actions ("Action_ID", "Action_Description", "Owners", "Due_Date", "Status", "Notes", client, client_uuid, "Category") values
  ('A-1', 'Send the renewal quote', 'Anna Berg, ben@vendor.example', '31/01/2026', 'Open', '<p>Uplift of <b>3 %</b></p>', 'Barwon Health', null, 'Commercial'),
  ('A-2', 'Fix the interface', 'Anna Berg', '31/02/2026', 'Open', null, 'SA Health, SA Health iPro', null, null),
  ('A-3', 'Book the go-live', null, null, null, '', null, '00000000-0000-4000-8000-000000000002', null),
  (null, 'Nobody knows which', null, 'soon', null, null, null, null, null);
insert into public.nps_responses (id, client_name, score, feedback, period, response_date) values
  (1, 'SA Health iPro', 3, 'Reports are slow', 'Q4 25', null),
  (2, 'BH', 9, 'Great support', 'Q4 25', '2025-12-24'),
  (3, 'BH', 9, '.', 'Q4 25', null),
  (4, 'BH', 9, '', 'Q4 25', null),
  (5, 'BH', 9, null, 'Q4 25', null),
  (6, 'Geelong, BH', null, 'A mixed bag', 'whenever', null);
insert into public.topics ("Meeting_Date", "Topic_Title", "Topic_Summary", "Background", "Key_Details") values
  ('2026-02-03', 'Upgrade at Barwon Health', 'To be planned', null, '<ul><li>UAT in May</li></ul>');
insert into public.chasen_knowledge (id, category, knowledge_key, content, is_active) values
  ('00000000-0000-4000-8000-00000000000a', 'pricing', 'uplift_policy', 'Uplift follows the index', true),
  ('00000000-0000-4000-8000-00000000000b', 'pricing', 'old_policy', 'Uplift is free', false);
insert into public.plans (id, client_name, risks) values
  ('00000000-0000-4000-8000-0000000000aa', 'Barwon Health',
    '[{"title": "Sponsor leaves", "description": "The CIO retires", "risk_type": "x"}, "Budget is cut", {"title": ""}]'),
  ('00000000-0000-4000-8000-0000000000ab', 'SA Health', '{"none": true}'),
  ('00000000-0000-4000-8000-0000000000ac', 'SA Health', null);
