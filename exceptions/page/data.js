// What is known: the server's answers for the present view, and single failures. load.js fills it.

import { view, bounds, terms } from './url.js';
import { matches } from './filter.js';

const ALIKE = ['fingerprint', 'error_type', 'kind', 'type']; // makes failures alike, the best first
export const VERSIONS = ['version', 'release', 'deployment', 'build', 'commit']; // says what was deployed
const FIRST = ['type', 'kind', 'reason', 'retry', 'owner', 'team', 'JOB_CANNOT_RESTART']; // label keys to begin with

export const data = {
	labels: null, // [{key, values, valuesDropped}], of the last answer
	labelsTruncated: false,
	histogram: null,
	list: null, // of groups, jobs or failures: {view, items, next, truncated, load}
	versions: [], // groups of the label that says what was deployed, the latest first
	versionKey: null,
	job: null, // the one that is selected
	status: null, // of the store
	newest: null, // the newest failure, if none matches
	problem: null, // why the last request failed
	busy: 0,
};
export const entries = new Map(); // failures by id, those under others too
export const linked = new Map(); // failures that a link has opened, by id; null: gone
export const messages = new Map(); // an example by fingerprint

// ---- Label keys ----

// byRank orders label keys: those of FIRST, the rest, long technical ones.
const rank = (key) => (FIRST.indexOf(key) + 1 || (/fingerprint|message|hash|trace|runbook|hint|url/i.test(key) ? 99 : 50));
export const byRank = (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1);

const keys = () => (data.labels ?? []).map(({ key }) => key).sort(byRank);
export const known = (list) => list.find((key) => data.labels?.some((x) => x.key === key));
export const groupKey = () => view.group ?? (data.labels?.length ? known(ALIKE) ?? keys()[0] : ALIKE[0]);
export const chartKey = () => view.by ?? (data.labels?.length ? known(['type']) ?? keys()[0] : 'type');
export const alikeKey = (e) => ALIKE.find((key) => Object.hasOwn(e.failureLabels, key));

// ---- Failures ----

export const jobOf = (e) => e.jobId || e.jobName || '';
const names = new Map(); // of jobs
export const nameOf = (key) => names.get(key) || key || 'No job';

// put takes over what the server says of a failure.
export function put(raw) {
	const old = entries.get(raw.id);
	const e = old ?? { rev: 0, companions: [] };
	// An event may have overtaken this answer: what has settled stays settled.
	const { failureLabels, labelState, failedEnrichers } = old && old.labelState !== 'pending' && raw.labelState === 'pending' ? old : raw;
	Object.assign(e, raw, { failureLabels, labelState, failedEnrichers });
	e.rev++;
	for (const c of raw.concurrentExceptions ?? []) companion(e, put(c));
	if (e.jobName) names.set(jobOf(e), e.jobName);
	if (e.failureLabels.fingerprint && e.message) messages.set(e.failureLabels.fingerprint, e.message);
	entries.set(e.id, e);
	return e;
}

export function companion(root, e) {
	if (root.companions.includes(e)) return;
	root.companions.push(e);
	root.rev++;
}

// forget drops the failures that nothing on the screen needs.
export function forget() {
	if (entries.size < 5000) return;
	const keep = new Set([...view.open, ...view.linked]);
	const hold = (e) => { keep.add(e.id); e.companions.forEach(hold); };
	for (const x of data.list?.items ?? []) hold(x.latest ?? x);
	for (const id of entries.keys()) if (!keep.has(id)) entries.delete(id);
}

// shows reports whether a failure that has just happened is one that the view selects.
export function shows(e) {
	const { from, to } = bounds();
	if (view.job !== null && jobOf(e) !== view.job || from !== null && e.timestamp < from || to !== null && e.timestamp > to) return false;
	const texts = [e.message, e.jobName, e.jobId].map((text) => text.toLowerCase());
	return view.q.toLowerCase().split(/\s+/).every((word) => texts.some((text) => text.includes(word))) && matches(e, terms);
}
