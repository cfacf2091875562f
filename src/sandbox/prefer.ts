import { GraphRefusal } from './reply.ts';
import { zoneNamed } from './zones.ts';

/** What the Prefer headers of one request ask for. */
export interface Preferences {
  readonly maxPageSize: number | null;
  /** Zone that start and end are converted to, with the name it was asked by. */
  readonly zone: { readonly name: string; readonly iana: string };
  readonly textBody: boolean;
  readonly immutableIds: boolean;
  /** Value of Preference-Applied. */
  readonly applied: readonly string[];
}

/** Reads a Prefer header (several joined by commas). Throws GraphRefusal 400 for a time zone nobody knows. */
export function parsePrefer(header: string): Preferences {
  const size = /odata\.maxpagesize\s*=\s*"?(\d+)"?/i.exec(header)?.[1];
  const zoneName = /outlook\.timezone\s*=\s*"([^"]*)"/i.exec(header)?.[1];
  const bodyType = /outlook\.body-content-type\s*=\s*"(text|html)"/i.exec(header)?.[1]?.toLowerCase();
  const immutableIds = /idtype\s*=\s*"immutableid"/i.test(header);
  const iana = zoneNamed(zoneName ?? 'UTC');
  if (iana === null)
    throw new GraphRefusal(400, 'TimeZoneNotSupportedException', 'A valid TimeZone value must be specified.');
  const applied = [
    ...(size === undefined ? [] : [`odata.maxpagesize=${size}`]),
    ...(zoneName === undefined ? [] : [`outlook.timezone="${zoneName}"`]),
    ...(bodyType === undefined ? [] : [`outlook.body-content-type="${bodyType}"`]),
    ...(immutableIds ? ['IdType="ImmutableId"'] : []),
  ];
  return {
    maxPageSize: size === undefined ? null : Math.min(Math.max(Number(size), 1), 1000),
    zone: { name: zoneName ?? 'UTC', iana },
    textBody: bodyType === 'text',
    immutableIds,
    applied,
  };
}
