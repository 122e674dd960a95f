// The URL is what is shown: view mirrors it, and every change of the view goes through it.

import { $ } from './dom.js';
import { parse, format } from './filter.js';
import { line, now, day, MINUTE, HOUR, DAY } from './text.js';

export const RANGES = { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY };
const NAMES = { '1h': 'the last hour', '6h': 'the last 6 h', '24h': 'the last 24 h', '7d': 'the last 7 days', '30d': 'the last 30 days', yesterday: 'since yesterday', all: 'all that is kept' };
const DEFAULT = '24h';

export let view; // what to show
export let terms = []; // view.filter, parsed

// The server takes times of the years 1 to 9999.
const FIRST = -62135596800000, LAST = 253402300799999;
let wrong = []; // what the URL says that cannot be understood

// readTime returns a time of the URL, ms or RFC 3339; null: no bound.
function readTime(p, name) {
	const text = p.get(name)?.trim();
	if (!text) return null;
	const ms = /^[-+]?[\d.e+]+$/i.test(text) ? Number(text) : /^[-+]?inf/i.test(text) ? Infinity : Date.parse(text);
	if (Number.isNaN(ms)) wrong.push(`“${name}=${line(text, 40)}” in the address is not a time: write 2026-01-02T15:04:05Z or milliseconds since 1970.`);
	return Number.isFinite(ms) ? Math.max(FIRST, Math.min(LAST, Math.round(ms))) : null;
}

export function readURL() {
	const p = new URLSearchParams(location.search);
	const one = (name, choices) => (choices.includes(p.get(name)) ? p.get(name) : choices[0]);
	wrong = [];
	const before = view;
	view = {
		view: one('view', ['groups', 'jobs', 'time']),
		filter: p.get('filter') ?? '', // in the grammar of failureLabelFilter
		job: p.get('job'), // null: all
		q: p.get('q') ?? '', // words in messages and names of jobs
		last: one('last', [DEFAULT, ...Object.keys(NAMES)]), // unless from or to is set
		from: readTime(p, 'from'), // ms; null: no bound
		to: readTime(p, 'to'),
		by: p.get('by'), // label key of the chart; null: a guess
		group: p.get('group'), // label key of the groups; null: a guess
		sort: p.get('sort') ?? '',
		state: one('state', ['', 'new', 'regressed']), // of groups
		compare: p.has('compare'), // with as long a time before
		open: new Set(p.getAll('open')), // ids of open failures
		unfold: new Set(p.getAll('unfold')), // values of open groups
	};
	view.linked = view.open.difference(before?.open ?? new Set()).union(view.open.intersection(before?.linked ?? new Set())); // those that a link has opened: shown wherever they are
	try {
		terms = parse(view.filter);
	} catch (err) {
		terms = [];
		wrong.push(err.message);
		$('filter').setAttribute('aria-invalid', true);
	}
	if (!wrong.length) $('filter').removeAttribute('aria-invalid');
	$('wrong').textContent = wrong.join(' ');
	$('wrong').hidden = !wrong.length;
}

export function urlOf(v) {
	const p = new URLSearchParams();
	if (v.view !== 'groups') p.set('view', v.view);
	for (const name of ['filter', 'q', 'by', 'group', 'sort', 'state', 'compare']) if (v[name]) p.set(name, v[name]);
	if (v.last !== DEFAULT && v.from === null && v.to === null) p.set('last', v.last);
	for (const name of ['from', 'to', 'job']) if (v[name] !== null) p.set(name, v[name]);
	for (const name of ['open', 'unfold']) for (const id of v[name]) p.append(name, id);
	const query = p.toString().replaceAll('%3A', ':').replaceAll('%2C', ','); // for people
	return query ? `?${query}` : location.pathname;
}

let replacing;
const replace = () => history.replaceState(null, '', urlOf(view));
export function replaceSoon() { // browsers allow only so many
	clearTimeout(replacing);
	replacing = setTimeout(replace, 200);
}

let follow; // does what the URL says
export function onVisit(fn) {
	follow = fn;
	addEventListener('popstate', fn);
}
function visit(url) {
	clearTimeout(replacing);
	replace();
	history.pushState(null, '', url);
	follow();
}
addEventListener('click', (event) => { // links to other views of this page
	const to = event.target.closest?.('a')?.getAttribute('href');
	if (!to?.startsWith('?') || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
	event.preventDefault();
	visit(to);
	scrollTo(0, 0);
});
export const go = (patch) => visit(urlOf({ ...view, ...patch }));

export const ANY = { filter: '', job: null, q: '', open: [], unfold: [], state: '' };
export const clear = () => go({ ...ANY, last: DEFAULT, from: null, to: null, compare: false });

// ---- Times ----

const midnight = (ms) => { const d = new Date(ms); return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime(); };

// bounds returns the range of the view; null: no bound. A range that ends now has no end.
export function bounds() {
	if (view.from !== null || view.to !== null) return { from: view.from, to: view.to };
	if (view.last === 'all') return { from: null, to: null };
	const yesterday = view.last === 'yesterday';
	return { from: yesterday ? midnight(midnight(now()) - DAY / 2) : floor(now() - RANGES[view.last], unit()), to: null };
}

// unit is what a range of the list begins with a whole number of, so that the chart has round times.
export const unit = () => ({ '1h': MINUTE, '6h': 5 * MINUTE, '24h': 15 * MINUTE, yesterday: 30 * MINUTE, '7d': 2 * HOUR, '30d': 6 * HOUR })[view.last];

function floor(ms, step) {
	const zone = new Date(ms).getTimezoneOffset() * MINUTE;
	return Math.floor((ms - zone) / step) * step + zone;
}

// rangeText says what the range is.
export function rangeText() {
	if (view.from === null && view.to === null) return NAMES[view.last];
	const at = (ms) => `${day(ms)} ${new Date(ms).toLocaleTimeString('sv').slice(0, 5)}`;
	if (view.to === null) return `since ${at(view.from)}`;
	return view.from === null ? `until ${at(view.to)}` : `${at(view.from)} to ${day(view.from) === day(view.to) ? at(view.to).slice(-5) : at(view.to)}`;
}

// ---- Filters ----

export const has = (key, value, not = false) => terms.some((t) => t.key === key && t.value === value && t.not === not);

// toggle adds a term, or takes it away. What contradicts it gives way.
export function toggle(key, value, not = false) {
	const rest = terms.filter((t) => t.key !== key || (t.value !== value && t.value !== null && (t.not || not)));
	go({ filter: format(has(key, value, not) ? rest : [...rest, { not, key, value }]) });
}

// pick is for clicks: with Shift or Alt, they exclude. No value means no such label.
export const pick = (key, value) => (event) => toggle(key, value, (event.shiftKey || event.altKey) !== (value === null));
export const picked = (key, value) => has(key, value, value === null);
