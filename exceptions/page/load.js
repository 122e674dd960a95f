// refresh() and more() ask the server for what the view shows, and call what onData was given
// whenever an answer has come.

import * as api from './api.js';
import { data, entries, linked, messages, put, known, groupKey, chartKey, forget, VERSIONS } from './data.js';
import { $ } from './dom.js';
import { terms, unit, view } from './url.js';
import { format, term } from './filter.js';
import { assign } from './colours.js';
import { now, DAY } from './text.js';

const MOST_GROUPS = 1000; // for what needs all groups

let changed = () => {};
export const onData = (fn) => { changed = fn; };

let latest = 0; // request
let abort;
let columns = 60; // of the chart, at most
export const setColumns = (n) => { columns = n; };

// ticks are the parameters of a chart whose columns are of round times, if the range allows it.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 2419200].map((n) => n * 1000);
function ticks({ from, to }) {
	if (from === null) return { buckets: columns };
	const long = (to ?? now()) - from + 1;
	const step = STEPS.find((n) => n >= (to === null && view.from === null ? unit() : 0) && long / n <= columns) ?? long / columns;
	const buckets = Math.max(1, Math.ceil(long / step));
	return { buckets, to: to ?? Math.ceil(from + buckets * step) - 1 };
}

// refresh asks for everything, or, while the list is being read, for everything but that.
let listDue = false;
export async function refresh({ list = true, quiet = false } = {}) {
	list = listDue ||= list;
	const mine = ++latest;
	abort?.abort();
	abort = new AbortController();
	const { signal } = abort;
	const current = () => mine === latest;
	let problem = null;
	const part = async (ask, keep = () => {}) => {
		try {
			const answer = await ask();
			if (current()) keep(answer);
		} catch (err) {
			problem ??= err;
		}
		if (current()) changed();
	};
	forget();
	const what = api.selected();
	if (!quiet) {
		data.busy = mine;
		$('rows').setAttribute('aria-busy', true);
	}
	if (what.from !== null && what.to !== null && what.from > what.to) { // nothing can match
		Object.assign(data, { histogram: null, labels: [], list: { view: view.view, items: [] }, newest: null, problem: null, busy: 0 });
		return changed();
	}
	changed();

	const chart = (by) => part(() => api.histogram({ ...what, ...ticks(what), by }, signal), (x) => { data.histogram = { ...x, by }; });
	const rows = () => {
		const load = loaders[view.view](what);
		return part(() => load(null, signal), (x) => { data.list = { ...x, load }; });
	};
	const asked = [chartKey(), groupKey()];
	await Promise.all([
		part(() => loadLabels(what, signal), ({ labels, truncated }) => {
			Object.assign(data, { labels, labelsTruncated: truncated });
			assign(labels.find(({ key }) => key === 'type')?.values.map(({ value }) => value) ?? []);
		}),
		chart(asked[0]),
		list && rows(),
		part(() => loadLinked(signal)),
		part(() => api.get('status', {}, signal), (x) => { data.status = x; }),
		view.job !== null && part(() => api.jobs({ jobId: view.job, maxJobs: 1 }, signal), ({ jobs: [job] }) => {
			data.job = job ?? null;
			if (job) put(job.latest);
		}),
	]);
	if (!current()) return;
	data.versionKey = known(VERSIONS) ?? data.versionKey;
	await Promise.all([ // what depends on which labels there are
		chartKey() !== asked[0] && chart(chartKey()),
		list && view.view === 'groups' && groupKey() !== asked[1] && rows(),
		part(() => loadMessages(what, signal)),
		part(() => loadVersions(signal)),
		list && !problem && !data.list?.items.length && part(() => api.failures({ ...what, from: null, to: null, maxExceptions: 1 }, signal), (x) => { [data.newest] = x.entries; }),
	]);
	if (!current()) return;
	listDue = false;
	data.problem = problem;
	data.busy = 0;
	changed();
}

// loadLabels fetches the counts of labels. Of a label in the filter they are those of all its values,
// so that one can switch to another.
async function loadLabels(what, signal) {
	const keys = [...new Set(terms.map((t) => t.key))].slice(0, 3);
	const [list, ...others] = await Promise.all([what.failureLabelFilter, ...keys.map((key) => format(terms.filter((t) => t.key !== key)))].map((failureLabelFilter) => api.labels({ ...what, failureLabelFilter }, signal)));
	const all = new Map(list.labels.map((x) => [x.key, x]));
	keys.forEach((key, i) => { const x = others[i].labels.find((o) => o.key === key); if (x) all.set(key, x); });
	return { labels: [...all.values()], truncated: list.truncated };
}

// loadMessages fetches an example of each fingerprint that the counts list first.
async function loadMessages(what, signal) {
	const values = data.labels?.find(({ key }) => key === 'fingerprint')?.values.slice(0, 20) ?? [];
	if (values.every(({ value }) => messages.has(value))) return;
	for (const group of (await api.groups({ ...what, by: 'fingerprint', maxGroups: 20, buckets: 0 }, signal)).groups) put(group.latest);
}

// loadVersions fetches when each version was first seen, if there is one that is not known.
async function loadVersions(signal) {
	const values = data.labels?.find(({ key }) => key === data.versionKey)?.values ?? [];
	if (values.every(({ value }) => versions.has(value))) return;
	const { groups } = await api.groups({ by: data.versionKey, sort: 'firstSeen', maxGroups: 20, buckets: 0 }, signal);
	for (const { value } of [...values, ...groups]) versions.add(value);
	data.versions = groups.filter(({ value }) => value).slice(0, 8);
}
const versions = new Set(); // of which it is known when they were first seen

// loadLinked fetches the failures that a link has opened.
async function loadLinked(signal) {
	for (const id of linked.keys()) if (!view.linked.has(id)) linked.delete(id);
	await Promise.all([...view.linked].filter((id) => !linked.has(id)).slice(0, 20).map(async (id) => {
		try {
			linked.set(id, entries.get(id) ?? put(await api.failure(id, signal)));
		} catch (err) {
			if (!(err instanceof api.Gone)) throw err;
			linked.set(id, null);
		}
	}));
}

// loaders return what loads a part of the list: all parts as the view is now, because a cursor is
// of one query.
const loaders = {
	time(what) {
		const sort = view.sort === 'oldest' ? 'oldest' : null;
		return async (cursor, signal) => {
			const { entries: items, nextCursor, truncated } = await api.failures({ ...what, cursor, sort }, signal);
			return { view: 'time', items: items.map(put), next: nextCursor, truncated: truncated && !nextCursor };
		};
	},
	jobs(what) {
		const sort = view.sort === 'count' ? 'count' : null;
		return async (cursor, signal) => {
			const { jobs, nextCursor, truncated } = await api.jobs({ ...what, cursor, sort }, signal);
			return { view: 'jobs', items: jobs.map((job) => ({ ...job, latest: put(job.latest) })), next: nextCursor, truncated: truncated && !nextCursor };
		};
	},
	groups(what) {
		const by = groupKey();
		const { compare, state } = view;
		const sort = state === 'new' ? 'firstSeen' : ['lastSeen', 'firstSeen'].includes(view.sort) ? view.sort : null;
		return async (cursor, signal) => {
			if (compare) return comparison(by, what, signal);
			const out = { view: 'groups', by, items: [], next: cursor, truncated: false };
			for (let read = 0; read === 0 || out.next && state && read < MOST_GROUPS;) {
				const { groups, nextCursor, truncated } = await api.groups({ ...what, by, sort, buckets: 30, cursor: out.next, maxGroups: state ? 500 : 100 }, signal);
				const some = groups.filter((g) => !state || g.state === state);
				out.items.push(...some.map(withLatest));
				out.truncated ||= truncated && !nextCursor;
				out.next = state === 'new' && groups.findLast(({ value }) => value)?.state !== 'new' ? null : nextCursor; // the rest was seen earlier
				read += groups.length || MOST_GROUPS;
			}
			return out;
		};
	},
};

const withLatest = (g) => ({ ...g, latest: put(g.latest) });

// comparison returns the groups of the range beside those of as long a time before it.
async function comparison(by, what, signal) {
	const to = what.to ?? now();
	const from = what.from ?? to - DAY;
	const before = { from: 2 * from - to, to: from - 1 };
	const ask = (range) => api.groups({ ...what, ...range, by, buckets: 30, maxGroups: MOST_GROUPS }, signal);
	const [after, earlier] = await Promise.all([ask({ from }), ask(before)]);
	const counts = new Map(earlier.groups.map((g) => [g.value, g.count]));
	const items = after.groups.map((g) => ({ ...withLatest(g), before: counts.get(g.value) ?? 0 }));
	const present = new Set(after.groups.map((g) => g.value));
	for (const g of earlier.groups) if (!present.has(g.value)) items.push({ ...withLatest(g), before: g.count, count: 0, state: 'gone' });
	const place = (g) => ['new', 'regressed'].indexOf(g.state) + 1 || 3;
	const change = (g) => Math.abs(g.count - g.before) / Math.sqrt(g.count + g.before); // beside what chance does
	items.sort((x, y) => place(x) - place(y) || change(y) - change(x) || y.count - x.count);
	return { view: 'groups', by, items, before, next: null, truncated: [after, earlier].some((x) => x.truncated || x.nextCursor) };
}

// more fetches the next part of the list.
export async function more() {
	const { list } = data;
	if (!list?.next || data.busy) return;
	const mine = data.busy = ++latest;
	let problem = null;
	try {
		const part = await list.load(list.next, abort.signal);
		if (mine === latest) data.list = { ...list, ...part, items: [...list.items, ...part.items] };
	} catch (err) {
		problem = err;
	}
	if (mine !== latest) return;
	data.problem = problem;
	data.busy = 0;
	changed();
}

// about asks for what tells a one-off from a trend: seven days of the failures with a value of a
// label, in all jobs.
export async function about(key, value) {
	const to = now();
	const what = { failureLabelFilter: format([term(key, value)]), from: to - 7 * DAY, to };
	const [hours, { groups: [group] }, { jobs, nextCursor, truncated }] = await Promise.all([
		api.histogram({ ...what, by: 'type', buckets: 168 }),
		api.groups({ ...what, by: key, maxGroups: 1, buckets: 0 }),
		api.jobs({ ...what, maxJobs: 6, sort: 'count' }),
	]);
	for (const job of jobs) put(job.latest);
	return { hours, group, jobs, more: !!(nextCursor || truncated), to };
}
