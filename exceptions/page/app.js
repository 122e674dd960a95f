// draw() shows what `view`, which mirrors the URL, selects of `entries`, the known failures.
//
// Texts are not trusted: plain() spells out what is invisible, and they never become markup.

const BATCH = 40; // rows drawn at a time
const PER_JOB = 3; // failures of a job, before one asks for more
const CHIPS = 6; // labels of a closed entry
const FACETS = 6; // values of a label key, likewise
const SERIES = 7; // values in the chart; the rest are "others"
const KEEP = 5000; // failures in memory
const ALIKE = ['fingerprint', 'type', 'kind', 'error_type']; // makes failures alike, the best first
const FIRST = ['type', 'kind', 'reason', 'retry', 'team', 'owner', 'JOB_CANNOT_RESTART']; // label keys to begin with

const $ = (id) => document.getElementById(id);

// ---- Text ----

// Characters that are invisible, or that reorder the text around them.
const HIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

function plain(text, max = Infinity) {
	text = String(text ?? '');
	if (text.length > max) text = `${text.slice(0, max)}…`;
	return text.replaceAll('\r\n', '\n').replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

const line = (text, max = 120) => plain(String(text ?? '').trim().slice(0, 4 * max).replace(/\s*\n\s*/g, ' ⏎ '), max);
const number = (n) => n.toLocaleString('en');
const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
const day = (d) => d.toLocaleDateString('sv'); // 2026-01-02
const clock = (d) => d.toLocaleTimeString('sv'); // 15:04:05

function span(from, to) {
	const [a, b] = [new Date(from), new Date(to)];
	const [first, last] = [day(a), day(b)];
	return `${first === day(new Date()) ? '' : `${first} `}${clock(a)} – ${first === last ? '' : `${last} `}${clock(b)}`;
}

let skew = 0; // ms that this clock is ahead of the server's
const now = () => Date.now() - skew;

function ago(ms) {
	const sec = (now() - ms) / 1000;
	if (sec < 5) return 'now';
	if (sec < 60) return `${Math.floor(sec)} s ago`;
	if (sec < 3600) return `${Math.floor(sec / 60)} min ago`;
	return sec < 36 * 3600 ? `${Math.floor(sec / 3600)} h ago` : `${Math.floor(sec / 86400)} days ago`;
}

function time(ms) {
	const d = new Date(ms);
	return h('time', { 'data-ms': ms, title: `${d.toLocaleString('sv')}, in UTC ${d.toJSON()}` }, ago(ms));
}

// ---- Elements ----

const h = (tag, props, ...kids) => fill(document.createElement(tag), props, kids);
const s = (tag, props, ...kids) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, kids);
const icon = (d) => s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': true }, s('path', { d }));
const button = (css, click, props, ...kids) => h('button', { type: 'button', class: css, click, ...props }, ...kids);
const own = (text, css) => h('bdi', { class: css }, text); // isolated: cannot reorder what is around
const on = (id, events) => fill($(id), events, []);
const real = (kids) => kids.flat().filter(Boolean);

function fill(el, props, kids) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (typeof value === 'function') el.addEventListener(name, value);
		else if (value != null) el.setAttribute(name, value);
	}
	el.append(...real(kids));
	return el;
}

// reconcile makes nodes the children of parent. It touches only what differs: focus, selections
// and scroll positions survive.
function reconcile(parent, nodes) {
	const focused = document.activeElement;
	const wanted = new Set(nodes);
	for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
	let next = parent.firstChild;
	for (const node of nodes) {
		if (node === next) next = next.nextSibling;
		else parent.insertBefore(node, next);
	}
	if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

// refill makes the children of box anew if what they show has changed. data-k keeps the focus.
function refill(box, shows, make) {
	shows = JSON.stringify(shows);
	if (box.shows === shows) return;
	box.shows = shows;
	const k = box.contains(document.activeElement) && document.activeElement.dataset.k;
	box.replaceChildren(...real(make()));
	if (k) [...box.querySelectorAll('[data-k]')].find((el) => el.dataset.k === k)?.focus({ preventScroll: true });
}

// ---- The URL ----

let view; // what to show
let terms = []; // view.filter, parsed

function readURL() {
	const p = new URLSearchParams(location.search);
	view = {
		filter: p.get('filter') ?? '', // in the grammar of failureLabelFilter
		job: p.get('job'), // null: all
		q: p.get('q') ?? '', // a part of a job's name
		from: Number(p.get('from')) || 0, // ms; 0: ever
		to: Number(p.get('to')) || 0,
		by: p.get('by'), // label key of the chart; null: a guess
		flat: p.has('flat'), // by time, not by job
		open: new Set(p.getAll('open')), // ids of open entries
	};
}

function urlOf(v) {
	const p = new URLSearchParams();
	for (const name of ['filter', 'q', 'from', 'to', 'by', 'flat']) if (v[name]) p.set(name, v[name]);
	if (v.job !== null) p.set('job', v.job);
	for (const id of v.open) p.append('open', id);
	const query = p.toString().replaceAll('%3A', ':').replaceAll('%2C', ','); // for people
	return query ? `?${query}` : location.pathname;
}

let replacing;
const replace = () => history.replaceState(null, '', urlOf(view));
function replaceSoon() { // browsers allow only so many
	clearTimeout(replacing);
	replacing = setTimeout(replace, 200);
}

const go = (patch) => visit(urlOf({ ...view, ...patch }));

function visit(url) {
	clearTimeout(replacing);
	replace();
	history.pushState(null, '', url);
	follow();
}

// follow does what the URL says.
function follow() {
	readURL();
	readFilter();
	$('search').value = view.q;
	$('filter').value = view.filter;
	held.clear();
	room = BATCH;
	document.title = real([view.job && line(nameOf(view.job)), line(view.filter), 'Failures']).join(' · ');
	sync();
}

// ---- Filters ----

// parse reads the grammar of failureLabelFilter, for which see ParseFilter.
const word = (end) => String.raw`(?:\s*"((?:[^"\\]|\\.)*)"\s*|(?!\s*")([^${end}]*))`;
const TERM = new RegExp(String.raw`\s*(!?)${word(':,')}(:${word(',')})?(?:,|$)`, 'sy');
const unquote = (quoted, bare) => quoted?.replace(/\\(["\\])/g, '$1') ?? bare.trim();

function parse(text) {
	const out = [];
	for (let at = 0; at < text.length; at = TERM.lastIndex) {
		TERM.lastIndex = at;
		const [, not, q1, key, colon, q2, value] = TERM.exec(text) ?? [];
		const term = key ?? q1 ?? '';
		if (not === undefined || !term.trim() && (not || colon)) throw new Error(`“${line(text.slice(at))}” is not a filter: write key:value, !key:value or key, and values with commas in double quotes.`);
		if (term.trim()) out.push({ not: !!not, key: unquote(q1, key), value: colon ? unquote(q2, value) : null });
	}
	return out;
}

const quote = (text, must) => (must || /^[\s"\x85]|,|[\s\x85]$/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text);
const format = (list) => list.map((t) => `${t.not ? '!' : ''}${quote(t.key, /^!|:/.test(t.key))}${t.value === null ? '' : `:${quote(t.value)}`}`).join(', ');

function readFilter() {
	let wrong = '';
	try {
		terms = parse(view.filter);
	} catch (err) {
		terms = [];
		wrong = err.message;
	}
	$('wrong').textContent = wrong;
	$('wrong').hidden = !wrong;
	$('filter').setAttribute('aria-invalid', !!wrong);
}

const valueOf = (e, key) => (Object.hasOwn(e.failureLabels, key) ? e.failureLabels[key] : null);
const matches = (e, list) => list.every((t) => {
	const value = valueOf(e, t.key);
	return (value !== null && (t.value === null || t.value === value)) !== t.not;
});
const has = (key, value, not = false) => terms.some((t) => t.key === key && t.value === value && t.not === not);

// toggle adds a term, or takes it away. What contradicts it gives way.
function toggle(key, value, not = false) {
	const rest = terms.filter((t) => t.key !== key || (t.value !== value && t.value !== null && (t.not || not)));
	go({ filter: format(has(key, value, not) ? rest : [...rest, { not, key, value }]) });
}

// pick is for clicks: with Shift or Alt, they exclude. No value means no such label.
const pick = (key, value) => (event) => toggle(key, value, (event.shiftKey || event.altKey) !== (value === null));
const picked = (key, value) => has(key, value, value === null);

const ANY = { job: null, open: [] };
const clear = () => visit(urlOf(ANY));

// ---- What is known ----

const entries = new Map(); // failures by id
const jobs = new Map(); // {name, failures} by jobOf
const held = new Set(); // ids that came while the list was being read: listed on demand
const sent = new Set(); // ids that came by event, maybe too late for the answer to a request
let order = 0; // orders failures of one millisecond
let whole = null; // all that the history keeps is here; null: not known yet
let limit = 500; // failures to ask for; more on demand
let loaded = null; // the query whose answer is here
let problem = null; // why the last request failed
let totals = null; // the counts per label of the server, if not all failures are here

const jobOf = (e) => e.jobId || e.jobName || '';
const nameOf = (key) => jobs.get(key)?.name || key || 'No job';
const newer = (a, b) => b.timestamp - a.timestamp || b.order - a.order;

// put takes over what the server says of a failure, of which old is known.
function put(raw, old) {
	const e = old ?? { order: ++order, rev: 0, companions: [], partial: true };
	// An event may have overtaken this answer: what has settled stays settled.
	const { failureLabels, labelState, failedEnrichers } = old && old.labelState !== 'pending' && raw.labelState === 'pending' ? old : raw;
	Object.assign(e, raw, { failureLabels, labelState, failedEnrichers });
	e.rev++;
	if (raw.concurrentExceptions) e.partial = false; // /jobs leaves them out
	for (const c of raw.concurrentExceptions ?? []) companion(e, c);
	return e;
}

function companion(root, raw) {
	const old = root.companions.find((c) => c.id === raw.id);
	const e = put({ concurrentExceptions: [], ...raw }, old);
	if (!old) root.companions.push(e);
	root.rev++;
	entries.delete(e.id); // it may have come before its root
}

function add(raw) {
	const e = put(raw, entries.get(raw.id));
	entries.set(e.id, e);
	const job = jobs.get(jobOf(e)) ?? { name: '', failures: 0 };
	job.name ||= e.jobName;
	jobs.set(jobOf(e), job);
	return e;
}

// take adds what the event stream brings.
function take(raw) {
	const root = entries.get(raw.rootId);
	if (root) companion(root, raw);
	else if (!raw.rootId) {
		const old = entries.has(raw.id);
		const e = add({ concurrentExceptions: [], ...raw });
		sent.add(e.id);
		if (!old) {
			jobs.get(jobOf(e)).failures++;
			e.fresh = true;
			if (reading()) held.add(e.id);
			if (shown(e)) announce(e);
			if (entries.size > KEEP + limit) {
				keep([...entries.values()].sort(newer).slice(0, KEEP));
				whole = false;
			}
		}
	}
	draw();
}

// keep forgets all others.
function keep(list) {
	const ids = new Set(list.map((e) => e.id));
	for (const id of entries.keys()) if (!ids.has(id)) entries.delete(id);
	for (const [id, { e }] of rows) if (!entries.has(e.rootId || id)) rows.delete(id);
	const alive = new Set([...entries.values()].map(jobOf));
	for (const map of [jobs, groups]) for (const key of map.keys()) if (!alive.has(key)) map.delete(key);
}

// ---- Requests ----

async function get(path, params) {
	const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value != null));
	const answer = await fetch(`${path}?${query}`, { headers: { Accept: 'application/json' } });
	const ahead = Date.now() - Date.parse(answer.headers.get('date'));
	skew = Math.abs(ahead) > 3000 ? ahead : 0;
	if (answer.ok) return answer.json();
	const { errors } = await answer.json().catch(() => ({}));
	throw new Error(errors?.join('; ') ?? `The server answered ${answer.status} ${answer.statusText}.`);
}

async function failuresOf(jobId, failureLabelFilter) {
	const list = { entries: [] };
	do {
		const more = (await get('exceptions', { maxExceptions: limit - list.entries.length, jobId, failureLabelFilter, cursor: list.nextCursor })).exceptionHistory;
		list.entries.push(...more.entries);
		[list.truncated, list.nextCursor] = [more.truncated, more.nextCursor];
	} while (list.nextCursor && list.entries.length < limit);
	return list;
}

// sync draws, and fetches what is missing. A small history is fetched once, and filtered here; of
// a large one the newest are here, and each filter and each job is asked for.
let latest = 0;
async function sync(again = false) {
	if (again) whole = null;
	else if (!latest) return draw(true); // the first request is made once the event stream is there
	const filter = format(terms);
	const want = JSON.stringify([view.job, filter]);
	draw(true);
	if (whole || (whole === false && want === loaded)) return;
	const mine = ++latest;
	sent.clear();
	$('rows').setAttribute('aria-busy', true);
	try {
		let list = whole === null && await failuresOf();
		const all = list && !list.truncated;
		if (!all && (!list || filter || view.job !== null)) list = await failuresOf(view.job, filter);
		const { jobs: some } = await get('jobs', { maxJobs: 1000, failureLabelFilter: all ? null : filter });
		const counts = all ? null : (await get('labels', { jobId: view.job, failureLabelFilter: filter })).labels;
		if (mine !== latest) return;
		for (const job of some) jobs.set(jobOf(job), { name: job.jobName, failures: job.failures });
		const fresh = [...list.entries, ...some.map((job) => job.latest)]; // added as they happened
		if (again && reading()) for (const { id } of fresh) if (!entries.has(id)) held.add(id);
		keep([...fresh.toReversed().map(add), ...[...sent].map((id) => ({ id }))]);
		[whole, loaded, problem] = [all, want, null];
		totals = counts && new Map(counts.map(({ key, values, valuesDropped }) => [key, Object.assign(new Map(values.map((v) => [v.value, v.count])), { rare: valuesDropped })]));
		$('older').hidden = !list.truncated;
		assignColours();
	} catch (err) {
		if (mine !== latest) return;
		problem = err;
	}
	$('rows').removeAttribute('aria-busy');
	draw(true);
	reveal();
}

// complete fetches the failures of a job that are not here yet.
async function complete(job) {
	if (whole) return;
	try {
		(await failuresOf(job, format(terms))).entries.toReversed().forEach(add);
	} catch (err) {
		problem = err;
	}
	draw(true);
}

// ---- Events ----

let source, retry, asleep;
let wait = 1000;

function connect() {
	clearTimeout(retry);
	source?.close();
	source = new EventSource('events');
	let behind = true; // what happened before this stream began is not in it
	source.onopen = () => {
		state('Live');
		wait = 1000;
		if (behind || problem) sync(true);
		behind = false;
	};
	source.onerror = () => {
		state('Reconnecting');
		if (source.readyState !== EventSource.CLOSED) return; // the browser tries again, and resumes
		retry = setTimeout(connect, wait);
		wait = Math.min(2 * wait, 30_000);
	};
	for (const type of ['failure', 'labels']) source.addEventListener(type, (event) => take(JSON.parse(event.data)));
	source.addEventListener('lost', () => sync(true));
}

function state(text) {
	if ($('live').dataset.state === text) return;
	$('live').dataset.state = text;
	$('live').lastElementChild.textContent = text;
}

// A hidden page lets go of its connection: browsers have six to a server, for all tabs.
addEventListener('visibilitychange', () => {
	clearTimeout(asleep);
	if (!document.hidden && source.readyState === EventSource.CLOSED) connect();
	if (document.hidden) asleep = setTimeout(rest, 10_000);
});
function rest() {
	clearTimeout(retry);
	source.close();
	state('Paused');
}
addEventListener('pagehide', rest);
addEventListener('pageshow', (event) => event.persisted && connect());

// announce tells a screen reader of new failures, every five seconds at the most.
let unsaid = 0;
let saying;
function announce(e) {
	unsaid++;
	saying ??= setTimeout(() => {
		$('news').textContent = `${count(unsaid, 'new failure')}, one of them in ${line(nameOf(jobOf(e)), 80)}.`;
		unsaid = 0;
		saying = undefined;
	}, 5000);
}

// ---- Colours ----

// A value has one colour everywhere. It comes from a hash, so it survives a reload; of values of
// a key that would share one, the later takes the next that is free.
const HUES = 12;
const KNOWN = new Map(Object.entries({ USER: 0, SYSTEM: 1, DEPENDENCY: 3, CANCELLED: 5, UNKNOWN: -1, unknown: -1, false: -1, true: 1, retryable: 2, terminal: 1 }));
const slots = new Map(); // by key: colours by value

function colour(key, value) {
	const used = slots.get(key) ?? slots.set(key, new Map()).get(key);
	let slot = used.get(value) ?? KNOWN.get(value);
	if (slot === undefined) {
		slot = 7;
		for (const c of `${key}=${value}`.slice(0, 200)) slot = Math.imul(slot, 31) + c.codePointAt(0);
		slot = ((slot ^ (slot >>> 15)) >>> 0) % HUES;
		const taken = new Set(used.values());
		if (used.size < HUES) while (taken.has(slot)) slot = (slot + 1) % HUES;
	}
	if (used.size < HUES) used.set(value, slot);
	return slot < 0 ? 'c-' : `c${slot}`;
}

function assignColours() { // in an order that does not depend on who failed first
	for (const [key, values] of totals ?? tally(entries.values())) {
		const list = [...values.keys()].sort((a, b) => KNOWN.has(b) - KNOWN.has(a) || (a < b ? -1 : 1));
		for (const value of list) colour(key, value);
	}
}

// ---- Drawing ----

let room = BATCH; // rows to draw
let drawn = 0; // when the last drawing was done
let pressed = false; // what a pointer is down on has to stay until it is up
let timer;

// draw brings the screen up to date: at once, or four times a second at most.
function draw(atOnce = false) {
	clearTimeout(timer);
	if (!atOnce || pressed) {
		timer = setTimeout(draw, Math.max(20, drawn + 250 - performance.now()), true);
		return;
	}
	const list = [...entries.values()].filter((e) => shown(e)).sort(newer);
	const counts = tally(list);
	drawActive();
	drawChart(list, counts); // first: it chooses the label that rows lead with
	drawFacets(counts);
	drawRows(list);
	drawNote(list);
	drawn = performance.now();
}

addEventListener('pointerdown', () => { pressed = true; });
for (const type of ['pointerup', 'pointercancel', 'blur']) addEventListener(type, () => { pressed = false; });

function shown(e, list = terms) {
	const job = jobOf(e);
	if (view.job !== null && job !== view.job || e.timestamp < view.from || view.to && e.timestamp >= view.to) return false;
	const name = `${nameOf(job)} ${job}`.toLowerCase();
	return view.q.toLowerCase().split(/\s+/).every((word) => name.includes(word)) && matches(e, list);
}

function tally(list) {
	const out = new Map();
	for (const e of list) {
		for (const [key, value] of Object.entries(e.failureLabels)) {
			const values = out.get(key) ?? out.set(key, new Map()).get(key);
			values.set(value, (values.get(value) ?? 0) + 1);
		}
	}
	return out;
}

const byCount = (values) => [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

// byRank orders label keys: those of FIRST, the rest, long technical ones.
const rank = (key) => (FIRST.indexOf(key) + 1 || (/fingerprint|message|hash|trace/i.test(key) ? 99 : 50));
const byRank = (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1);

// ---- Active filters ----

function drawActive() {
	const box = $('active');
	const part = (text, patch, ...kids) => h('span', { class: 'on' }, ...kids, own(line(text)),
		button('off', () => { go(patch); (box.querySelector('button') ?? $('search')).focus(); }, { title: `Remove ${line(text)}` }, icon('m4.5 4.5 7 7m0-7-7 7')));
	const swap = (t, ...by) => ({ filter: format(terms.flatMap((x) => (x === t ? by : x))) });
	const { filter, job, q, from, to } = view;
	refill(box, [filter, job, q, from, to, nameOf(job)], () => {
		const parts = real([
			job !== null && part(`Job ${nameOf(job)}`, { job: null }),
			q && part(`Name has “${q}”`, { q: '' }),
			(from || to) && part(span(from, to || now()), { from: 0, to: 0 }),
			terms.map((t, i) => part(format([{ ...t, not: false }]), swap(t), button('is', () => go(swap(t, { ...t, not: !t.not })),
				{ title: 'Invert', 'data-k': i }, t.not ? 'without' : 'with'))),
		]);
		box.hidden = !parts.length;
		return [parts, parts.length > 1 && button('link', clear, {}, 'Clear all')];
	});
}

// ---- Counts per label value ----

const unfolded = new Set(); // keys whose values are all listed

function drawFacets(counts) {
	if (totals && !view.q && !view.from && !view.to) counts = totals;
	else {
		for (const key of new Set(terms.map((t) => t.key))) { // values to switch to
			const others = terms.filter((t) => t.key !== key);
			const values = tally([...entries.values()].filter((e) => shown(e, others))).get(key);
			if (values) counts.set(key, values);
		}
	}
	const facets = [...counts.keys()].sort(byRank).map((key) => [key, byCount(counts.get(key)), unfolded.has(key), counts.get(key).rare]);
	$('facets-box').hidden = !facets.length;
	refill($('facets'), [facets, terms], () => facets.map(facet));
}

function facet([key, values, all, rare]) {
	const wanted = (value) => terms.some((t) => t.key === key && t.value === value); // always listed
	const some = values.filter(([value], i) => i < (all ? 300 : FACETS) || wanted(value));
	const fold = () => { if (!unfolded.delete(key)) unfolded.add(key); draw(true); };
	return h('section', {}, h('h3', { title: plain(key, 200) }, own(line(key))),
		h('ul', {}, some.map(([value, n]) => {
			const text = line(value) || '(empty)';
			const k = `${key}:${value}`;
			const [only, not] = [has(key, value), has(key, value, true)];
			return h('li', { class: colour(key, value) + (not ? ' excluded' : '') },
				button('only', pick(key, value), { 'aria-pressed': only, 'data-k': k, title: plain(value, 1000) },
					h('i'), own(text), h('span', {}, number(n)), s('svg', { 'aria-hidden': true }, s('rect', { height: 3, rx: 1.5, width: `${100 * n / values[0][1]}%` }))),
				button('without', () => toggle(key, value, true), { 'aria-pressed': not, 'data-k': `!${k}`, title: `Without ${line(key)}: ${text}` }, icon('M4 8h8')));
		})),
		rare && h('p', {}, `+ ${rare} rarer`),
		(all || some.length < values.length) && button('link', fold, { 'data-k': `+${key}` }, all ? 'Fewer' : `${number(values.length - some.length)} more`));
}

// ---- Failures over time ----

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2419200].map((n) => n * 1000);
const HEIGHT = 124, LEFT = 30, BOTTOM = 18, TOP = 8;

let chart; // what is drawn
let lead = null; // the label key of the chart

function drawChart(list, counts) {
	const keys = [...counts.keys()].sort(byRank);
	lead = view.by ?? keys.find((key) => counts.get(key).size <= 24) ?? keys[0] ?? null;
	if (lead !== null && !counts.has(lead)) keys.push(lead);
	$('chart').hidden = !list.length;
	if (!list.length) return;
	refill($('by'), keys, () => keys.map((key) => h('option', { value: key }, line(key, 40))));
	$('by').value = lead;
	$('by').parentElement.hidden = !keys.length;

	// The last two series are the failures with other values, and without any.
	const values = byCount(counts.get(lead) ?? []).map(([value]) => value);
	const series = values.slice(0, SERIES + (values.length === SERIES + 1)).map((value) => ({ value, text: line(value) || '(empty)', css: colour(lead, value) }));
	const index = new Map(series.map((x, i) => [x.value, i]));
	const others = series.push({ text: 'others', css: 'c-' }) - 1;
	const none = series.push({ value: null, text: lead === null ? 'failures' : 'no label', css: 'c-' }) - 1;
	for (const x of series) x.total = 0;

	const first = view.from || list.at(-1).timestamp;
	const last = Math.max(view.to || now(), list[0].timestamp + 1, first + MINUTE / 2);
	const width = Math.max(200, plot.clientWidth);
	const most = Math.min(90, Math.floor((width - LEFT) / 9));
	const step = STEPS.find((x) => (last - first) / x <= most) ?? Math.ceil((last - first) / most);
	const zone = step < HOUR ? 0 : new Date(first).getTimezoneOffset() * MINUTE;
	const start = Math.floor((first - zone) / step) * step + zone;
	const buckets = Array.from({ length: Math.ceil((last - start) / step) }, (_, i) => ({ from: start + i * step, to: start + (i + 1) * step, total: 0, n: series.map(() => 0) }));
	for (const e of list) {
		const value = lead === null ? null : valueOf(e, lead);
		const i = value === null ? none : index.get(value) ?? others;
		const bucket = buckets[Math.floor((e.timestamp - start) / step)];
		bucket.n[i]++;
		bucket.total++;
		series[i].total++;
	}
	chart = { buckets, step, series, total: list.length, width };
	drawPlot();
	drawTable();
	refill($('legend'), [lead, terms, series], () => series.map((x, i) => x.total && h('li', { class: x.css, 'data-i': i },
		button('', pick(lead, x.value), { disabled: i === others || lead === null ? '' : null, 'aria-pressed': picked(lead, x.value), 'data-k': i },
			h('i'), own(x.text), h('span', {}, number(x.total))))));
}

function drawPlot() {
	const { buckets, step, series, total, width } = chart;
	const x = (i) => LEFT + (width - LEFT - 4) * i / buckets.length;
	const high = Math.max(...buckets.map((b) => b.total));
	const unit = 10 ** Math.floor(Math.log10(high));
	const top = [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].find((n) => n * unit >= high) * unit;
	const y = (n) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / top);
	const svg = s('svg', { role: 'img', 'aria-labelledby': 'plot-title plot-text', width, height: HEIGHT },
		s('title', { id: 'plot-title' }, `Failures over time${lead === null ? '' : `, by ${line(lead)}`}`),
		s('desc', { id: 'plot-text' }, `${count(total, 'failure')}, ${span(buckets[0].from, buckets.at(-1).to)}: ${series.filter((v) => v.total).map((v) => `${v.text} ${v.total}`).join(', ')}`));
	for (const n of top % 2 ? [0, top] : [0, top / 2, top]) {
		svg.append(s('path', { d: `M${LEFT} ${Math.round(y(n)) + 0.5}H${width}` }), s('text', { x: LEFT - 6, y: y(n) + 4, 'text-anchor': 'end' }, number(n)));
	}
	const every = Math.ceil(buckets.length / Math.max(2, Math.floor((width - LEFT) / 96)));
	buckets.forEach((b, i) => {
		const wide = x(i + 1) - x(i);
		if (i % every === 0 && x(i) < width - 48) svg.append(s('text', { x: x(i), y: HEIGHT - 4 }, tick(b.from, buckets[i - every]?.from, step)));
		if (!b.total) return;
		let below = 0;
		svg.append(s('g', { class: 'column', 'data-b': i }, s('rect', { class: 'hit', x: x(i), width: wide, y: 0, height: HEIGHT - BOTTOM }), b.n.map((n, j) => {
			if (!n) return null;
			const gap = below ? 1 : 0;
			const [bottom, high] = [y(below) - gap, y(below += n)];
			return s('rect', { class: series[j].css, 'data-i': j, x: x(i) + 0.5, width: Math.max(1, Math.min(28, wide - 1.5)), y: high, height: Math.max(1, bottom - high), rx: 1 });
		})));
	});
	refill(plot, svg.outerHTML, () => [svg, tip]);
}

function tick(ms, before, step) {
	const d = new Date(ms);
	if (step >= DAY || (before ? day(new Date(before)) !== day(d) : step >= HOUR)) return d.toLocaleDateString('en', { month: 'short', day: 'numeric' });
	return step < MINUTE ? clock(d) : clock(d).slice(0, 5);
}

function drawTable() {
	if (!$('table').open) return;
	const { buckets, series } = chart;
	const cols = series.filter((x) => x.total);
	refill($('table').lastElementChild, [buckets, cols], () => [h('table', {},
		h('thead', {}, h('tr', {}, ['Time', ...cols.map((x) => own(x.text)), 'all'].map((x) => h('th', { scope: 'col' }, x)))),
		h('tbody', {}, buckets.filter((b) => b.total).toReversed().map((b) => h('tr', {},
			h('th', { scope: 'row' }, button('link', () => go({ from: b.from, to: b.to }), { 'data-k': b.from }, span(b.from, b.to))),
			cols.map((x) => h('td', {}, b.n[series.indexOf(x)] || '')), h('td', {}, number(b.total))))))]);
}

const tip = h('div', { class: 'tip', hidden: '', 'aria-hidden': true });
const plot = on('plot', {
	pointermove(event) {
		const b = chart?.buckets[event.target.closest('.column')?.dataset.b];
		tip.hidden = !b;
		if (!b) return;
		tip.replaceChildren(h('b', {}, span(b.from, b.to)),
			...real(chart.series.map((x, i) => b.n[i] && h('span', { class: x.css }, h('i'), own(x.text), h('span', {}, number(b.n[i]))))).reverse());
		const box = plot.getBoundingClientRect();
		const at = event.clientX - box.left;
		tip.style.left = `${at < box.width / 2 ? at + 14 : Math.max(0, at - 14 - tip.offsetWidth)}px`;
	},
	pointerleave() { tip.hidden = true; },
	click(event) {
		const b = chart.buckets[event.target.closest('.column')?.dataset.b];
		const { value } = chart.series[event.target.dataset.i] ?? {};
		tip.hidden = true;
		if (b && value !== undefined && lead !== null) pick(lead, value)(event);
		else if (b) go({ from: b.from, to: b.to });
	},
});
on('by', { change: (event) => go({ by: event.target.value }) });
on('table', { toggle: drawTable });
new ResizeObserver(() => chart && plot.clientWidth !== chart.width && draw()).observe(plot);

// ---- The list ----

const rows = new Map(); // drawn entries by id
const groups = new Map(); // drawn jobs by jobOf
const spread = new Set(); // jobs all of whose failures are listed
let more = false; // there is more to draw
let flat; // how the drawn rows are arranged

function drawRows(list) {
	if (flat !== view.flat) { // headings have another level then
		flat = view.flat;
		rows.clear();
		groups.clear();
	}
	const listed = list.filter((e) => !held.has(e.id));
	const nodes = [];
	let left = room;
	if (flat) {
		nodes.push(...listed.slice(0, room).map((e) => rowOf(e, 3)));
		left -= listed.length;
	} else {
		for (const [key, failures] of Map.groupBy(listed, jobOf)) {
			if (left <= 0) break;
			const group = groupOf(key, failures);
			left -= group.draw(failures, left);
			nodes.push(group.el);
		}
	}
	more = left <= 0;
	reconcile($('rows'), nodes);
	const waiting = list.length - listed.length;
	$('fresh').hidden = !waiting;
	$('fresh').textContent = `Show ${count(waiting, 'new failure')}`;
	$('title').textContent = list.length ? `${$('older').hidden ? '' : 'Newest '}${count(list.length, 'failure')} in ${count(new Set(list.map(jobOf)).size, 'job')}` : 'Failures';
	$('by-job').setAttribute('aria-pressed', !flat);
	$('by-time').setAttribute('aria-pressed', flat);
}

new IntersectionObserver((seen) => {
	if (!more || !seen.at(-1).isIntersecting) return;
	room += BATCH;
	draw(true);
}, { rootMargin: '1200px' }).observe($('end'));

function groupOf(key) {
	if (groups.has(key)) return groups.get(key);
	const name = button('', () => go({ job: key, q: '' }), { title: 'Only this job' });
	const id = own('', 'id');
	const total = h('span');
	const list = h('div', { class: 'entries' });
	const rest = button('link rest', () => { if (!spread.delete(key)) spread.add(key); draw(true); complete(key); });
	const el = h('section', { class: 'card group' }, h('header', {}, h('h3', {}, name), id, total), list, rest);
	const group = {
		el,
		draw(failures, left) { // returns how many it has drawn
			const all = view.job !== null || spread.has(key);
			const some = failures.filter((e, i) => (all ? i < left + BATCH : i < PER_JOB) || view.open.has(e.id)); // open ones stay in sight
			const here = failures.reduce((n, e) => n + 1 + e.companions.length, 0);
			const ever = Math.max(jobs.get(key).failures, here);
			name.textContent = line(nameOf(key), 200);
			id.textContent = nameOf(key) === key ? '' : line(key);
			total.textContent = `${ever > here ? `${number(here)} of ` : ''}${count(ever, 'failure')}`;
			rest.hidden = view.job !== null || failures.length <= PER_JOB && (whole || ever <= here);
			rest.textContent = all ? 'Show fewer' : whole ? `Show ${number(failures.length - some.length)} more of this job` : 'Show all of this job';
			reconcile(list, some.map((e) => rowOf(e, 4)));
			return some.length;
		},
	};
	groups.set(key, group);
	return group;
}

// rowOf returns the element of an entry, up to date.
function rowOf(e, level) {
	let row = rows.get(e.id);
	if (row?.e !== e) rows.set(e.id, row = makeRow(e, level));
	row.update();
	return row.el;
}

let made = 0;
function makeRow(e, level) {
	const id = `e${++made}`;
	const isOpen = () => view.open.has(e.id);
	const turn = () => {
		if (!view.open.delete(e.id)) view.open.add(e.id);
		replaceSoon();
		if (isOpen() && e.partial) complete(jobOf(e));
		draw(true);
	};
	const head = button('toggle', turn, { id, 'aria-controls': `${id}-more` }, icon('m6 4 4 4-4 4'),
		level === 3 && own(line(nameOf(jobOf(e))), 'of'), own(line(e.exceptionName) || 'error', 'name'), ' ', own(line(e.message, 300), 'msg'));
	const chips = h('ul', { class: 'chips' });
	const where = own(line(real([e.taskName, e.taskManagerId]).join(' · ')), 'where');
	const body = h('div', { class: 'more', id: `${id}-more` });
	const el = h('article', {
		class: 'entry', 'aria-labelledby': id, 'data-id': e.id,
		keydown(event) {
			if (event.key !== 'Escape' || !isOpen() || event.defaultPrevented) return;
			event.preventDefault();
			turn();
			head.focus();
		},
	}, h('div', { class: 'head', click: (event) => { if (!event.target.closest('button') && getSelection().isCollapsed) turn(); } },
		h(`h${level}`, {}, head), h('div', { class: 'when' }, e.attempt && `attempt ${attempt(e)} · `, time(e.timestamp)), chips, where), body);
	if (e.fresh) el.classList.add('fresh');
	let parts; // of the body: made when first opened
	return {
		e,
		el,
		update() {
			const open = isOpen();
			head.setAttribute('aria-expanded', open);
			el.classList.toggle('open', open);
			body.hidden = !open;
			refill(chips, [e.rev, open, lead, terms], () => chipsOf(e, open, turn));
			if (open) (parts ??= partsOf(e, level + 1, body)).update();
		},
	};
}
const attempt = (e) => `${e.attempt}${e.maxAttempts ? `/${e.maxAttempts}` : ''}`;

function chipsOf(e, open, turn) {
	const labels = Object.entries(e.failureLabels).sort(([a], [b]) => (b === lead) - (a === lead) || byRank(a, b));
	const some = open || labels.length === CHIPS + 1 ? labels : labels.slice(0, CHIPS);
	const note = (css, text) => h('li', { class: css }, text);
	return [
		e.companions.length > 0 && note('bad', `+ ${e.companions.length + (e.concurrentDropped ?? 0)} concurrent`),
		some.map(([key, value]) => {
			const title = `${plain(key, 200)}: ${plain(value, 1000)}\n(Shift-click: without it)`;
			return h('li', {}, button(`chip ${colour(key, value)}${key === lead ? ' lead' : ''}`, pick(key, value), { 'aria-pressed': has(key, value), title, 'data-k': `${key}:${value}` },
				own(line(key), 'key'), ' ', own(line(value) || '(empty)')));
		}),
		labels.length > some.length && h('li', {}, button('link', turn, {}, `+${labels.length - some.length}`)),
		e.labelIssues && note('bad', `▲ ${e.labelIssues.length + (e.labelIssuesDropped ?? 0)} dropped or cut`),
		e.labelsDropped && note('bad', `▲ ${e.labelsDropped} more not kept`),
		e.labelState === 'pending' && note('pending', 'Labels pending'),
		e.labelState === 'complete' && !labels.length && note('quiet', 'No labels'),
		e.labelState === 'incomplete' && note('bad', `▲ Incomplete: ${line(e.failedEnrichers.map((f) => `${f.enricher} ${f.status}`).join(', '), 60)}`),
	];
}

const linkTo = (e, text) => h('a', { href: urlOf({ ...ANY, job: jobOf(e), open: [e.id] }) }, own(line(text)));

// partsOf fills an open entry. What cannot change is made once.
function partsOf(e, level, body) {
	const title = (text) => h(`h${Math.min(level, 6)}`, {}, text);
	const facts = [
		['Failed at', new Date(e.timestamp).toLocaleString('sv', { timeZoneName: 'short' })], ['Job', e.jobName], ['Job ID', e.jobId], ['Task', e.taskName], ['Worker', e.taskManagerId],
		['Endpoint', e.endpoint], ['What failed', { GLOBAL: 'the whole job', TASK: 'a task', TASK_MANAGER: 'a worker' }[e.failureType]], ['Failure ID', e.id], ...Object.entries(e.attributes ?? {}),
		['Attributes not kept', e.attributesDropped],
	];
	const failed = h('div', { class: 'failed' });
	const altered = h('div', { class: 'altered' });
	const concurrent = h('div', { class: 'entries' });
	const concurrentTitle = title('Concurrent failures, of which this is the root');
	const like = h('div', { class: 'like' });
	const pre = h('pre', { tabindex: 0, 'aria-label': 'Chain and stack' }, plain(e.stacktrace));
	const copy = button('link', () => {
		getSelection().selectAllChildren(pre); // the clipboard needs https or localhost
		navigator.clipboard?.writeText(e.stacktrace).then(() => { copy.textContent = 'Copied'; });
	}, {}, 'Copy');
	body.append(...real([
		failed, altered,
		h('dl', {}, facts.map(([key, value]) => value && h('div', {}, h('dt', {}, line(key)), h('dd', {}, own(plain(value, 2000)))))),
		e.message && [title('Message'), h('p', { class: 'message' }, own(plain(e.message)))],
		like, concurrentTitle, concurrent,
		e.stacktrace && [h('div', { class: 'titled' }, title('Chain and stack'), copy), pre],
		h('p', { class: 'actions' }, linkTo(e, 'Link to this failure'),
			e.jobId && h('a', { href: `jobs/${encodeURIComponent(e.jobId)}/exceptions?maxExceptions=100` }, 'This job as JSON')),
	]));
	return {
		update() {
			const more = (n) => n && h('li', {}, `and ${n} more`);
			failed.hidden = !e.failedEnrichers.length;
			refill(failed, e.failedEnrichers, () => [title('Labels are incomplete'), h('ul', {}, e.failedEnrichers.map((f) =>
				h('li', {}, h('b', {}, own(line(f.enricher))), ` ${line(f.status, 40)}: `, own(plain(f.error, 2000)))), more(e.failedEnrichersDropped))]);
			const issues = e.labelIssues ?? [];
			altered.hidden = !issues.length;
			refill(altered, issues, () => [title('Labels dropped or cut'), h('ul', {}, issues.map((i) =>
				h('li', {}, h('b', {}, own(line(i.enricher))), ' ', own(line(i.key)), ': ', own(plain(i.error, 2000)))), more(e.labelIssuesDropped))]);
			concurrent.hidden = concurrentTitle.hidden = !e.companions.length;
			reconcile(concurrent, e.companions.map((c) => rowOf(c, level + 1)));
			const key = ALIKE.find((k) => Object.hasOwn(e.failureLabels, k));
			like.hidden = key === undefined;
			if (key === undefined) return;
			const value = e.failureLabels[key];
			const others = [...entries.values()].filter((o) => o !== e && valueOf(o, key) === value).sort(newer);
			refill(like, [key, value, others.length, whole, others.slice(0, 5).map((o) => o.id)], () => {
				const what = key === 'fingerprint' ? 'the same fingerprint' : `the same ${line(key, 40)}, ${line(value)}`;
				return [
					title('Failures like this'),
					h('p', {}, `${others.length ? count(others.length, 'other has', 'others have') : whole ? 'No other has' : 'No other of those loaded has'} ${what}.`),
					h('ul', {}, others.slice(0, 5).map((o) => h('li', {}, linkTo(o, nameOf(jobOf(o))), time(o.timestamp), own(line(o.message, 160), 'msg')))),
					button('do', () => { visit(urlOf({ ...ANY, filter: format([{ key, value }]) })); toList(); }, { 'data-k': 'like' }, 'Show failures like this'),
				];
			});
		},
	};
}

// reading reports whether the list is in use, so that nothing in it may move.
const reading = () => $('rows').getBoundingClientRect().top < 0 || $('rows').querySelector('.open') || $('rows').contains(document.activeElement);

function toList() {
	$('list').scrollIntoView();
	$('list').focus({ preventScroll: true });
}

// reveal scrolls, once, to the entry that the URL says is open.
let revealed = false;
function reveal() {
	if (!revealed) rows.get([...view.open][0])?.el.scrollIntoView();
	revealed = true;
}

// ---- Notes ----

function drawNote(list) {
	refill($('note'), [problem?.message, list.length > 0, whole, entries.size > 0, view.filter, view.job], () => {
		const say = (title, ...texts) => [h('h3', {}, title), ...texts.map((text) => h('p', {}, text))];
		const all = button('do', clear, {}, 'Show all failures');
		if (problem) return [say('The failures cannot be loaded', line(problem.message, 500)), button('do', () => sync(true), {}, 'Try again'), ' ', all];
		if (list.length) return [];
		if (whole === null) return [h('p', {}, 'Loading…')];
		if (entries.size || view.filter || view.job) return [say('No failure matches'), all];
		const code = (text) => h('code', {}, text);
		return say('No failure so far', 'When a job fails, it appears here at once, and its labels as soon as they are known.',
			['If one has failed already, it was not reported to this history: call ', code('history.Enrich'), ', or make the Enricher with ', code('enricher.WithObserver(history)'), '.']);
	});
}

// ---- Controls ----

on('older', { click() { limit *= 4; loaded = null; sync(); } });
on('fresh', { click() { held.clear(); draw(true); toList(); } });
on('by-job', { click: () => go({ flat: false }) });
on('by-time', { click: () => go({ flat: true }) });
on('search', {
	input(event) {
		const q = event.target.value;
		if (q && !view.q) return go({ q }); // one step back undoes a whole search
		view.q = q;
		replaceSoon();
		room = BATCH;
		draw();
	},
});
const applyFilter = () => { if ($('filter').value !== view.filter) go({ filter: $('filter').value }); };
on('filter', { change: applyFilter });
on('query', { submit(event) { event.preventDefault(); applyFilter(); } });

addEventListener('keydown', (event) => {
	const at = document.activeElement;
	if (event.key === '/' && !at.matches('input, select')) {
		event.preventDefault();
		$('search').select();
	}
	const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (!by || !at.matches('.toggle')) return;
	event.preventDefault();
	const all = [...$('rows').querySelectorAll('.toggle')].filter((el) => el.checkVisibility());
	all[all.indexOf(at) + by]?.focus();
});

// The theme is the system's until one is chosen. Storage may be forbidden.
const root = document.documentElement.dataset;
try { root.theme = localStorage.failuresTheme ?? ''; } catch { /* the system's */ }
on('theme', {
	click() {
		const name = root.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
		root.theme = name === 'dark' ? 'light' : 'dark';
		try { localStorage.failuresTheme = root.theme; } catch { /* it lasts as long as the page */ }
	},
});

const wide = matchMedia('(min-width: 62rem)');
wide.onchange = () => { $('facets-box').open = wide.matches; };
wide.onchange();

// ---- Start ----

addEventListener('popstate', follow);
setInterval(() => { for (const el of document.querySelectorAll('time')) el.textContent = ago(el.dataset.ms); }, 10_000);

follow();
connect();
setTimeout(() => latest || sync(true), 1000); // without events, too
