import { createClient } from 'touchpoint/client';

const { TOUCHPOINT_URL: url = 'http://127.0.0.1:4780', TOUCHPOINT_KEY: key } = process.env;

/** Well within a serverless function's time, so that there is some left to fall back in. */
export const touchpoint = createClient({ url, timeoutMs: 3_000, ...(key === undefined ? {} : { key }) });
