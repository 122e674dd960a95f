// The list: groups, jobs or failures, as the view says.

import { data, jobOf, linked, nameOf } from './data.js';
import { $, button, h, on, own, real, reconcile, refill, time } from './dom.js';
import { draw } from './draw.js';
import { forgetRows, goneIds, rowOf } from './entry.js';
import { forgetGroups, groupRows, summary } from './groups.js';
import { fresh, resetFresh } from './live.js';
import { more, refresh } from './load.js';
import { count, line, number } from './text.js';
import { clear, go, rangeText, terms, urlOf, view } from './url.js';

const BATCH = 50; // rows drawn at a time
let room = BATCH;
export const resetRoom = () => { room = BATCH; };
let left = false; // there is more to draw

export function drawList() {
	const used = new Set(); // what is drawn of groups and failures
	const list = data.list?.view === view.view ? data.list : null;
	const items = list?.items.slice(0, room) ?? [];
	left = list?.items.length > room;
	const nodes = !list ? [] : list.view === 'groups' ? groupRows({ ...list, items }, used)
		: list.view === 'jobs' ? items.map((job) => jobRow(job, used)) : items.map((e) => rowOf(e, 3, view.job === null ? 'list' : 'job', used));
	drawLinked(list, used);
	$('rows').dataset.view = view.view;
	reconcile($('rows'), nodes);
	forgetGroups(used);
	forgetRows(used);
	if (data.busy) $('rows').setAttribute('aria-busy', true);
	else $('rows').removeAttribute('aria-busy');
	$('older').hidden = !list?.next || left;
	$('title').textContent = title(list);
	drawJob();
	drawTools(list);
	drawNote(list, nodes.length);
	drawStatus();
	refill($('fresh'), [fresh.count, fresh.unknown], () => [fresh.unknown ? 'Show what is new' : `Show ${count(fresh.count, 'new failure')}`]);
	$('fresh').hidden = !fresh.count && !fresh.unknown;
}

new IntersectionObserver((seen) => {
	if (!seen.at(-1).isIntersecting || !left) return;
	room += BATCH;
	draw(true);
}, { rootMargin: '1200px' }).observe($('end'));
on('older', { click() { room += 1000; more(); } });
on('fresh', { click() { resetFresh(); refresh(); toList(); } });

// title says how many there are, by the counts of the server.
function title(list) {
	const { histogram } = data;
	if (!list || !histogram) return 'Failures';
	const total = [...histogram.series.map((x) => x.counts), histogram.other ?? []].flat().reduce((n, c) => n + c, 0);
	const failures = `${histogram.truncated ? 'at least ' : ''}${count(total, 'failure')}`;
	const n = list.items.filter((x) => x.value !== '').length; // without the failures that have no such label
	if (!list.items.length) return 'Failures';
	const state = { new: 'new ', regressed: 'returned ' }[view.state] ?? '';
	const kind = list.by === 'fingerprint' ? [`${state}distinct error`] : [`${state}value of ${line(list.by, 40)}`, `${state}values of ${line(list.by, 40)}`];
	const of = { groups: () => count(n, ...kind), jobs: () => count(n, 'job') }[list.view]?.();
	if (list.view === 'time') return list.next || list.truncated ? `${failures}, the ${view.sort === 'oldest' ? 'oldest' : 'newest'} ${number(n)} listed` : failures;
	if (list.before) return of;
	if (list.view === 'jobs') return `${list.next ? 'First ' : ''}${of}, ${failures}`;
	return `${list.next ? 'First ' : ''}${of} in ${failures}`;
}

// ---- Jobs ----

const jobRows = new Map();
function jobRow(job, used) {
	const key = jobOf(job);
	let row = jobRows.get(key);
	if (!row) {
		const head = h('header');
		const list = h('div', { class: 'entries' });
		row = { head, list, el: h('section', { class: 'card job', 'data-job': key }, head, list) };
		if (jobRows.size > 2000) jobRows.clear();
		jobRows.set(key, row);
	}
	refill(row.head, [job.jobName, job.failures, job.resolved, view.filter], () => [
		h('h3', {}, button('', () => go({ view: 'time', job: key }), { title: 'All failures of this job', 'data-k': 'name' }, line(nameOf(key), 200))),
		nameOf(key) !== key && own(line(key), 'id'), works(job), h('a', { href: urlOf({ ...view, view: 'time', job: key }) }, count(job.failures, 'failure'))]);
	row.el.classList.toggle('resolved', !!job.resolved);
	reconcile(row.list, [rowOf(job.latest, 4, 'job', used)]);
	return row.el;
}

const works = (job) => job.resolved && h('span', { class: 'good' }, '✓ Works again since ', time(job.resolved));

// drawJob is the head of the failures of one job.
function drawJob() {
	const job = view.job !== null && data.job && jobOf(data.job) === view.job ? data.job : null;
	$('job').hidden = view.job === null;
	refill($('job'), [view.job, job?.jobName, job?.resolved], () => view.job !== null && [
		h('h3', {}, line(nameOf(view.job), 200)), nameOf(view.job) !== view.job && own(line(view.job), 'id'), job && works(job)]);
}

// ---- Failures of a link ----

function drawLinked(list, used) {
	const drawn = list?.view === 'groups' ? list.items.filter((g) => view.unfold.has(g.value)) : list?.items ?? [];
	const listed = new Set(drawn.flatMap((x) => (x.latest ?? x).companions.concat(x.latest ?? x)));
	const some = [...linked.values()].filter((e) => e && view.open.has(e.id) && !listed.has(e));
	$('linked').hidden = !some.length && !goneIds().length;
	reconcile($('linked-rows'), some.map((e) => rowOf(e, 3, 'linked', used)));
	refill($('gone'), goneIds(), () => goneIds().map((id) => h('p', {}, 'The failure ', own(line(id)), ' is not kept any more. It may have been removed to make room for newer ones, or with its job. ',
		button('link', () => { view.open.delete(id); go({ open: view.open }); }, {}, 'Close'))));
}

// ---- The store ----

// drawStatus says whether failures are being kept, and where.
function drawStatus() {
	const { status } = data;
	const trouble = status && (status.error || status.dropped > 0);
	$('status').hidden = !trouble;
	refill($('status'), status, () => trouble && real([
		status.error && ['New failures are not being stored', status.failedAt && [' since ', time(status.failedAt)], ': ', own(line(status.error, 300)), `. ${count(status.queued, 'failure waits', 'failures wait')}. `],
		status.dropped > 0 && `${count(status.dropped, 'failure')} will never be stored.`]));
	refill($('kept'), status?.store, () => status && [status.store === 'memory' ? 'These failures are in memory: a restart forgets them.' : ['Kept in ', own(line(status.store, 80)), '.']]);
}

// ---- What can be chosen ----

const SORTS = {
	groups: { '': 'Most frequent', lastSeen: 'Last seen', firstSeen: 'First seen' },
	jobs: { '': 'Latest failure', count: 'Most failures' },
	time: { '': 'Newest', oldest: 'Oldest' },
};

function drawTools(list) {
	for (const button of $('views').children) button.setAttribute('aria-pressed', button.value === view.view);
	const groups = view.view === 'groups';
	for (const button of $('states').children) button.setAttribute('aria-pressed', button.value === view.state);
	$('states').hidden = !groups || view.compare;
	$('sort').parentElement.hidden = groups && (view.compare || view.state === 'new');
	refill($('sort'), view.view, () => Object.entries(SORTS[view.view]).map(([value, text]) => h('option', { value }, text)));
	$('sort').value = Object.hasOwn(SORTS[view.view], view.sort) ? view.sort : '';
	$('group').parentElement.hidden = !groups || !data.labels?.length;
	$('compare').hidden = !groups;
	$('compare').setAttribute('aria-pressed', view.compare);
	refill($('changes'), [list?.before, list?.items.map((g) => [g.state, g.count, g.before]), rangeText()], () => list?.before && [summary(list)]);
	$('changes').hidden = !list?.before;
}

for (const button of $('views').children) button.addEventListener('click', () => go({ view: button.value, sort: '', unfold: [], open: [], compare: false, state: '' }));
for (const button of $('states').children) button.addEventListener('click', () => go({ state: button.value, unfold: [] }));
on('sort', { change: (event) => go({ sort: event.target.value }) });
on('group', { change: (event) => go({ group: event.target.value, unfold: [] }) });
on('compare', { click: () => go({ compare: !view.compare, state: '', unfold: [] }) });

// reading reports whether the list is in use, so that nothing in it may move.
export const reading = () => $('rows').getBoundingClientRect().top < 0 || $('rows').querySelector('.open') || $('rows').contains(document.activeElement);

function toList() {
	$('list').scrollIntoView();
	$('list').focus({ preventScroll: true });
}

// reveal scrolls to the failure that the URL says is open, once.
let revealed = false;
export function reveal() {
	if (revealed || data.busy || !data.list) return;
	revealed = true;
	if (view.open.size) [...document.querySelectorAll('.entry.open')].find((el) => view.open.has(el.dataset.id))?.scrollIntoView();
}

// ---- Notes ----

function drawNote(list, drawn) {
	const { problem, newest } = data;
	refill($('note'), [problem?.message, drawn, !!list, data.busy > 0, newest?.id, view.filter, view.job, view.q, rangeText(), view.state, list?.truncated, terms], () => {
		const say = (title, ...texts) => [h('h3', {}, title), ...texts.map((text) => h('p', {}, text))];
		const all = button('do', clear, {}, 'Show all failures');
		if (problem) return [say('The failures cannot be loaded', line(problem.message, 500)), button('do', () => go({}), {}, 'Try again'), ' ', all];
		if (drawn) return list.truncated ? [h('p', {}, 'The server did not look at all failures: numbers are of the newest, and may be too small. A shorter time helps.')] : [];
		if (!list || data.busy) return [h('p', {}, 'Loading…')];
		if (view.from !== null && view.to !== null && view.from > view.to) return [say('This time ends before it begins', 'Choose another.'), all];
		if (newest) {
			return [say(view.state ? `Nothing ${view.state === 'new' ? 'new' : 'came back'}: ${rangeText()}` : `No failure matches: ${rangeText()}`, ['The newest that matches was ', time(newest.timestamp), '.']),
				button('do', () => go({ last: 'all', from: null, to: null, state: '' }), {}, 'Show all times'), ' ', view.state && button('do', () => go({ state: '' }), {}, 'Show all groups')];
		}
		if (view.filter || view.job !== null || view.q) return [say('No failure matches'), all];
		const code = (text) => h('code', {}, text);
		return say('No failure so far', 'When a job fails, it appears here at once, and its labels as soon as they are known.',
			['If one has failed already, it was not reported to this history: call ', code('history.Enrich'), ', or make the Enricher with ', code('enricher.WithObserver(history)'), '.']);
	});
}

