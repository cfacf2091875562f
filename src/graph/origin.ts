import { ConfigError } from '../core/errors.ts';
import { GraphLinkError } from './errors.ts';

/** Where a token may go: the configured Graph origin, and nowhere else. */

/** Graph's API version that everything here is written against. */
export const API_VERSION = 'v1.0';

/**
 * @returns the origin, without a trailing slash
 * @throws {ConfigError} unless it is https, or http on loopback, and an origin alone
 */
export function graphOrigin(baseUrl: string): string {
  const wants = 'wants an origin: https, or http on loopback only';
  if (!URL.canParse(baseUrl)) throw new ConfigError(`the Graph address cannot be read: ${wants}`);
  const url = new URL(baseUrl);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!safe) throw new ConfigError(`the Graph address is ${url.protocol}//${url.host}: ${wants}`);
  const bare =
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '' &&
    url.pathname === '/';
  if (!bare) throw new ConfigError(`the Graph address on ${url.host} holds more than an origin: ${wants}`);
  return url.origin;
}

/**
 * A path below the API version, or a nextLink / deltaLink that Graph gave: links are opaque and stay as they are.
 * @throws {GraphLinkError} when a link leads anywhere but to `origin`
 */
export function graphUrl(origin: string, pathOrLink: string): string {
  if (pathOrLink.startsWith('/')) return `${origin}/${API_VERSION}${pathOrLink}`;
  if (!URL.canParse(pathOrLink)) throw new GraphLinkError('Graph gave a link that is no address');
  const link = new URL(pathOrLink);
  if (link.origin !== origin || link.username !== '' || link.password !== '') {
    throw new GraphLinkError(`Graph gave a link to ${link.host}, which is not the configured Graph`);
  }
  return pathOrLink;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
