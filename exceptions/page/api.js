// What the page asks the server. Every number on the page is in one of these answers.

import { bounds, terms, view } from './url.js';
import { format } from './filter.js';
import { setServerTime } from './text.js';

// A Gone is the error of what the server does not have, or not any more.
export class Gone extends Error {}

export async function get(path, params = {}, signal) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(params)) if (value != null && value !== '') query.append(name, value);
	if (params.jobId === '') query.append('jobId', ''); // that of failures without a job
	const answer = await fetch(query.size ? `${path}?${query}` : path, { headers: { Accept: 'application/json' }, signal });
	setServerTime(Date.parse(answer.headers.get('date')));
	if (answer.ok) return answer.json();
	const { errors } = await answer.json().catch(() => ({}));
	const text = errors?.join('; ') ?? `The server answered ${answer.status} ${answer.statusText}.`;
	throw answer.status === 404 ? new Gone(text) : new Error(text);
}

// selected returns the parameters of what the view selects.
export function selected() {
	const { from, to } = bounds();
	return { from, to, q: view.q.trim(), jobId: view.job, failureLabelFilter: format(terms) };
}

export const failures = async (params, signal) => (await get('exceptions', { maxExceptions: 50, ...params }, signal)).exceptionHistory;
export const failure = (id, signal) => get(`failures/${encodeURIComponent(id)}`, {}, signal);
export const groups = (params, signal) => get('groups', { maxGroups: 100, ...params }, signal);
export const jobs = (params, signal) => get('jobs', { maxJobs: 100, ...params }, signal);
export const labels = (params, signal) => get('labels', params, signal);
export const histogram = (params, signal) => get('histogram', params, signal);
