// Failures by fingerprint, or by any other label: what there is, how often, and since when.

import { alike } from './alike.js';
import { draw } from './draw.js';
import { button, h, own, reconcile, refill, time } from './dom.js';
import { chevron, nameOfError, opener, rowOf } from './entry.js';
import { format, term } from './filter.js';
import { chip, first, leads, linkChips, textOf } from './labels.js';
import { spark } from './spark.js';
import { count, line, number } from './text.js';
import { ANY, go, rangeText, replaceSoon, terms, view } from './url.js';

const rows = new Map(); // drawn groups by label and value

export function groupRows(list, used) {
	return list.items.map((g) => {
		const key = JSON.stringify([list.by, g.value]);
		used.add(key);
		if (!rows.has(key)) rows.set(key, makeRow(list.by, g));
		const row = rows.get(key);
		row.update(g, used);
		return row.el;
	});
}
export function forgetGroups(used) {
	for (const key of rows.keys()) if (!used.has(key)) rows.delete(key);
}

const BADGES = { new: 'New', regressed: 'Back', gone: 'Gone' };
const MEANS = { new: 'First seen in this time', regressed: 'Came back after 24 h of silence, or after its job had worked again', gone: 'Not seen in this time' };

function makeRow(by, g) {
	const isOpen = () => view.unfold.has(g.value);
	const turn = () => {
		if (!view.unfold.delete(g.value)) view.unfold.add(g.value);
		replaceSoon();
		draw(true);
	};
	const row = opener('entry group', 3, isOpen, turn, { 'data-value': g.value });
	const [chips, trend, counts, seen] = ['ul.chips', 'div.trend', 'div.counts', 'div.seen'].map((x) => h(x.split('.')[0], { class: x.split('.')[1] }));
	row.top.append(trend, counts, seen, chips);
	let body;
	return {
		el: row.el,
		update(now, used) {
			g = now;
			const e = g.latest;
			const open = row.show();
			const value = by === 'fingerprint' && g.value ? null : textOf(by, g.value === '' ? null : g.value);
			refill(row.head, [g.state, value, e.id, e.rev], () => [chevron(), BADGES[g.state] && h('span', { class: `badge ${g.state}`, title: MEANS[g.state] }, BADGES[g.state]),
				own(value ?? nameOfError(e), 'name'), ' ', own(`${value ? `${nameOfError(e)}: ` : ''}${line(e.message, 300)}`, 'msg')]);
			refill(chips, [e.id, e.rev, terms, by], () => [leads(e.failureLabels).filter((key) => key !== by).map((key) => h('li', {}, chip(key, e.failureLabels[key]))), linkChips(e.failureLabels)]);
			refill(trend, g.buckets, () => g.buckets?.counts && [spark(g.buckets.counts, `${count(g.count, 'failure')} over ${rangeText()}`)]);
			refill(counts, [g.count, g.before, g.jobs], () => [h('b', {}, g.before === undefined ? count(g.count, 'failure') : `${number(g.before)} → ${number(g.count)}`),
				h('span', { class: 'quiet' }, g.before && g.count ? change(g) : `in ${count(g.jobs, 'job')}`)]);
			refill(seen, [g.firstSeen, g.lastSeen], () => [h('span', {}, 'last ', time(g.lastSeen)), h('span', { class: 'quiet' }, 'first ', time(g.firstSeen))]);
			if (open) (body ??= bodyOf(by, g, row.body)).update(g, used);
		},
	};
}

// change says how the count differs from that of the time before.
function change({ count: n, before }) {
	if (n >= 1.1 * before) return `▲ ${(n / before).toFixed(1)} times`;
	return n * 1.1 <= before ? `▼ to ${Math.round(100 * n / before)} %` : 'about the same';
}
const much = ({ state, count: n, before }) => state === 'ongoing' && Math.abs(n - before) > 4 * Math.sqrt(n + before) && Math.max(n, before) > 1.5 * Math.min(n, before);

function bodyOf(by, g, body) {
	const top = h('div');
	const like = alike(g.latest, 4, { by, value: g.value });
	const latest = h('div', { class: 'entries' });
	const all = (patch) => go({ ...ANY, filter: format([...terms.filter((t) => t.key !== by), term(by, g.value)]), job: view.job, q: view.q, compare: false, ...patch });
	body.append(top, like.el, h('h4', {}, 'The latest of them'), latest, h('p', { class: 'actions' },
		button('link', () => all({ view: 'time', sort: '' }), {}, 'All these failures'), button('link', () => all({ view: 'jobs', sort: '' }), {}, 'Their jobs')));
	return {
		update(now, used) {
			g = now;
			refill(top, [g.latest.id, g.latest.rev, terms], () => [first(g.latest.failureLabels)]);
			like.update();
			reconcile(latest, [rowOf(g.latest, 5, 'group', used)]);
		},
	};
}

// summary says what has changed.
export function summary({ items, before, truncated }) {
	const of = (state) => items.filter((g) => g.state === state).length;
	return [h('b', {}, `${of('new')} new, ${of('regressed')} back, ${of('gone')} gone, ${items.filter(much).length} much changed`), ` ${rangeText()}, compared with as long a time before. `,
		truncated && `Of the ${number(items.length)} most frequent. `, before && button('link', () => go({ compare: false, state: '' }), {}, 'Do not compare')];
}
