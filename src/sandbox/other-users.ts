import { guid } from './ids.ts';

export interface DirectoryUser {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly mail: string | null;
  readonly enabled: boolean;
  readonly title: string | null;
  readonly city: string | null;
}

/** Users who are in every real directory and have no mailbox to read: a leaver, a room, a service account. */
export const USERS_WITHOUT_MAILBOX: readonly DirectoryUser[] = [
  other('Oscar Feldmann', { mail: true, enabled: false }),
  other('Boardroom Melbourne', { mail: true, enabled: false }),
  other('svc backup', { mail: false, enabled: true }),
];

function other(name: string, has: { readonly mail: boolean; readonly enabled: boolean }): DirectoryUser {
  const address = `${name.toLowerCase().replaceAll(' ', '.')}@harbourline.example`;
  return {
    id: guid(`user ${address}`),
    name,
    address,
    mail: has.mail ? address : null,
    enabled: has.enabled,
    title: null,
    city: null,
  };
}

/** By user id or address. */
export function isUserWithoutMailbox(name: string): boolean {
  return USERS_WITHOUT_MAILBOX.some(
    ({ id, address }) => id === name.toLowerCase() || address === name.toLowerCase(),
  );
}
