// The bar at the top: search, filter, time, theme; and the filters that are active.

import { data, nameOf } from './data.js';
import { $, button, h, icon, on, own, real, refill } from './dom.js';
import { format } from './filter.js';
import { textOf } from './labels.js';
import { ago, line, now } from './text.js';
import { clear, go, RANGES, rangeText, terms, view } from './url.js';

// ---- Search and filter ----

let searching;
const applySearch = () => {
	clearTimeout(searching);
	if ($('search').value !== view.q) go({ q: $('search').value, open: [], unfold: [] });
};
on('search', {
	input() {
		clearTimeout(searching);
		searching = setTimeout(applySearch, 300);
	},
	change: applySearch,
});
const applyFilter = () => { if ($('filter').value !== view.filter) go({ filter: $('filter').value }); };
on('filter', { change: applyFilter });
on('query', { submit(event) { event.preventDefault(); applySearch(); applyFilter(); } });

export function drawFields() {
	for (const [id, value] of [['search', view.q], ['filter', view.filter]]) if ($(id) !== document.activeElement || id === 'filter') $(id).value = value;
}

addEventListener('keydown', (event) => {
	const at = document.activeElement;
	if (event.key === '/' && !at.matches('input, select') && !event.ctrlKey && !event.metaKey && !event.altKey) {
		event.preventDefault();
		$('search').select();
	}
	const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (!by || !at.matches('.toggle')) return;
	event.preventDefault();
	const all = [...$('list').querySelectorAll('.toggle')].filter((el) => el.checkVisibility());
	all[all.indexOf(at) + by]?.focus();
});

// ---- Time ----

const CHOICES = { '1h': 'Last hour', '6h': 'Last 6 hours', '24h': 'Last 24 hours', yesterday: 'Since yesterday', '7d': 'Last 7 days', '30d': 'Last 30 days', all: 'All that is kept' };
let choosing = false; // a time of one's own

const local = (ms) => { const d = new Date(ms); return new Date(ms - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16); };

export function drawRange() {
	const { versions, versionKey } = data;
	const since = view.to === null && versions.find((v) => v.firstSeen === view.from);
	const own = !since && (view.from !== null || view.to !== null);
	refill($('range'), [versions.map((v) => [v.value, v.firstSeen]), own && rangeText()], () => [
		own && h('option', { value: 'shown' }, rangeText()),
		Object.entries(CHOICES).map(([value, text]) => h('option', { value }, text)),
		h('option', { value: 'own' }, 'Another time…'),
		versions.length > 0 && h('optgroup', { label: `What changed since ${line(versionKey, 30)}` },
			versions.map((v) => h('option', { value: `since ${v.firstSeen}` }, `${line(v.value, 40)}, first seen ${ago(v.firstSeen)}`))),
	]);
	$('range').value = choosing ? 'own' : since ? `since ${since.firstSeen}` : own ? 'shown' : view.last;
	$('own-range').hidden = !choosing;
}

on('range', {
	change(event) {
		const { value } = event.target;
		choosing = value === 'own';
		if (choosing) {
			const to = view.to ?? now();
			const from = view.from ?? to - (RANGES[view.last] ?? RANGES['24h']);
			for (const [id, ms] of [['from', from], ['to', to]]) try { $(id).value = local(ms); } catch { /* no such day */ }
			drawRange();
			$('from').focus();
		} else if (value.startsWith('since ')) go({ view: 'groups', from: Number(value.slice(6)), to: null, compare: true, state: '', unfold: [], open: [] });
		else if (value !== 'shown') go({ last: value, from: null, to: null });
	},
});
on('own-range', {
	submit(event) {
		event.preventDefault();
		const [from, to] = ['from', 'to'].map((id) => ($(id).value ? new Date($(id).value).getTime() : null));
		choosing = false;
		go({ from, to: to === null ? null : to + 59_999 });
	},
});

// ---- Active filters ----

export function drawActive() {
	const box = $('active');
	const part = (text, patch, ...kids) => h('span', { class: 'on' }, ...kids, own(line(text)),
		button('off', () => { go(patch); (box.querySelector('button') ?? $('search')).focus(); }, { title: `Remove ${line(text)}` }, icon('m4.5 4.5 7 7m0-7-7 7')));
	const swap = (t, ...by) => ({ filter: format(terms.flatMap((x) => (x === t ? by : x))) });
	const text = (t) => (t.key === 'fingerprint' && t.value && textOf(t.key, t.value) !== line(t.value) ? `error “${textOf(t.key, t.value, 80)}”` : format([{ ...t, not: false }]));
	const { filter, job, q, from, to } = view;
	refill(box, [filter, job, q, from, to, nameOf(job), terms.map(text)], () => {
		const parts = real([
			job !== null && part(`Job ${nameOf(job)}`, { job: null }),
			q && part(`Has “${q}”`, { q: '' }),
			(from !== null || to !== null) && part(rangeText(), { from: null, to: null, compare: false }),
			terms.map((t, i) => part(text(t), swap(t), button('is', () => go(swap(t, { ...t, not: !t.not })),
				{ title: 'Invert', 'data-k': i }, t.not ? 'without' : 'with'))),
		]);
		box.hidden = !parts.length;
		return [parts, parts.length > 1 && button('link', clear, {}, 'Clear all')];
	});
}

const wide = matchMedia('(min-width: 62rem)');
wide.onchange = () => { $('facets-box').open = wide.matches; };
wide.onchange();
