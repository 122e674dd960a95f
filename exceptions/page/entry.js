// A failure as a row of a list, which opens.

import { alike } from './alike.js';
import * as api from './api.js';
import { byRank, data, jobOf, linked, nameOf, put } from './data.js';
import { draw } from './draw.js';
import { $, button, h, icon, own, real, reconcile, refill, time } from './dom.js';
import { chip, first, leads, linkChips, table } from './labels.js';
import { line, plain, stamp } from './text.js';
import { ANY, replaceSoon, terms, urlOf, view } from './url.js';

const rows = new Map(); // drawn failures by place and id

export function forgetRows(used) {
	for (const key of rows.keys()) if (!used.has(key)) rows.delete(key);
}

// rowOf returns the element of a failure at a place, up to date.
export function rowOf(e, level, place, used) {
	const key = `${place} ${level} ${e.id}`;
	used.add(key);
	let row = rows.get(key);
	if (row?.e !== e) rows.set(key, row = makeRow(e, level, place));
	row.update(used);
	return row.el;
}

export const nameOfError = (e) => line(e.failureLabels.error_type || e.exceptionName) || 'error';
const attempt = (e) => `${e.attempt}${e.maxAttempts ? `/${e.maxAttempts}` : ''}`;

// opener returns the element of something that opens, and how to bring it up to date.
let made = 0;
export function opener(css, level, isOpen, turn, attributes) {
	const id = `e${++made}`;
	const head = button('toggle', turn, { id, 'aria-controls': `${id}-more` });
	const body = h('div', { class: 'more', id: `${id}-more` });
	const heading = h(`h${level}`, {}, head);
	const top = h('div', { class: 'head', click: (event) => { if (!event.target.closest('button, a') && getSelection().isCollapsed) turn(); } }, heading);
	const el = h('article', {
		class: css, 'aria-labelledby': id, ...attributes,
		keydown(event) {
			if (event.key !== 'Escape' || !isOpen() || event.defaultPrevented) return;
			event.preventDefault();
			turn();
			head.focus();
		},
	}, top, body);
	return { el, head, top, body, show() {
		const open = isOpen();
		head.setAttribute('aria-expanded', open);
		el.classList.toggle('open', open);
		body.hidden = !open;
		return open;
	} };
}
export const chevron = () => icon('m6 4 4 4-4 4');

function makeRow(e, level, place) {
	const isOpen = () => view.open.has(e.id);
	const turn = () => {
		if (!view.open.delete(e.id)) view.open.add(e.id);
		replaceSoon();
		if (isOpen()) complete(e);
		draw(true);
	};
	const row = opener('entry', level, isOpen, turn, { 'data-id': e.id });
	const chips = h('ul', { class: 'chips' });
	const withJob = place !== 'job' && place !== 'under';
	row.top.append(h('div', { class: 'when' }, e.attempt && `attempt ${attempt(e)} · `, time(e.timestamp)), chips, own(line(real([e.taskName, e.taskManagerId]).join(' · ')), 'where'));
	if (e.fresh) row.el.classList.add('fresh');
	let parts; // of the body: made when first opened
	return {
		e,
		el: row.el,
		update(used) {
			const open = row.show();
			refill(row.head, [e.rev, withJob && nameOf(jobOf(e))], () => [chevron(), withJob && own(line(nameOf(jobOf(e))), 'of'), own(nameOfError(e), 'name'), ' ', own(line(e.message, 300), 'msg')]);
			refill(chips, [e.rev, open, terms], () => chipsOf(e, open, turn));
			if (open) (parts ??= partsOf(e, level + 1, row.body, place)).update(used);
		},
	};
}

// complete fetches what an answer has left out: the failures under this one.
async function complete(e) {
	if (e.concurrentExceptions) return;
	try {
		put(await api.failure(e.id));
	} catch (err) {
		if (err instanceof api.Gone) e.gone = ++e.rev;
		else data.problem = err;
	}
	draw(true);
}

function chipsOf(e, open, turn) {
	const keys = leads(e.failureLabels);
	const all = Object.keys(e.failureLabels).length;
	const rest = all - keys.length - (linkChips(e.failureLabels) ? 1 : 0);
	const note = (css, text) => h('li', { class: css }, text);
	return [
		e.gone && note('bad', '▲ Not kept any more'),
		e.companions.length > 0 && note('bad', `+ ${e.companions.length + (e.concurrentDropped ?? 0)} concurrent`),
		keys.map((key) => h('li', {}, chip(key, e.failureLabels[key]))),
		linkChips(e.failureLabels),
		!open && rest > 0 && h('li', {}, button('link', turn, { 'data-k': 'rest' }, `+${rest} ${rest === 1 ? 'label' : 'labels'}`)),
		e.labelIssues && note('bad', `▲ ${e.labelIssues.length + (e.labelIssuesDropped ?? 0)} dropped or cut`),
		e.labelsDropped && note('bad', `▲ ${e.labelsDropped} more not kept`),
		e.labelState === 'pending' && note('pending', 'Labels pending'),
		e.labelState === 'complete' && !all && note('quiet', 'No labels'),
		e.labelState === 'incomplete' && note('bad', `▲ Incomplete: ${line(e.failedEnrichers.map((f) => `${f.enricher} ${f.status}`).join(', '), 60)}`),
	];
}

const linkTo = (e, text) => h('a', { href: urlOf({ ...view, ...ANY, open: [e.id] }) }, own(line(text)));

// partsOf fills an open failure. What cannot change is made once.
function partsOf(e, level, body, place) {
	const title = (text) => h(`h${Math.min(level, 6)}`, {}, text);
	const facts = [
		['Failed at', stamp(e.timestamp)], ['Job', e.jobName], ['Job ID', e.jobId], ['Task', e.taskName], ['Worker', e.taskManagerId],
		['Endpoint', e.endpoint], ['What failed', { GLOBAL: 'the whole job', TASK: 'a task', TASK_MANAGER: 'a worker' }[e.failureType]],
		['Innermost error', e.exceptionName], ['Process', e.process], ['Failure ID', e.id], ['Root failure', e.rootId],
	];
	const given = [...Object.entries(e.attributes ?? {}), ['Attributes not kept', e.attributesDropped]];
	const list = (pairs) => h('dl', {}, pairs.map(([key, value]) => value && h('div', {}, h('dt', {}, line(key)), h('dd', {}, own(plain(value, 4000))))));
	const box = (css) => h('div', { class: css });
	const [top, failed, altered, concurrent, labels] = ['top', 'failed', 'altered', 'entries', 'all-labels'].map(box);
	const concurrentTitle = title('Concurrent failures, of which this is the root');
	const like = place !== 'under' && place !== 'group' && alike(e, level);
	const pre = h('pre', { tabindex: 0, 'aria-label': 'Chain and stack' }, plain(e.stacktrace));
	body.append(...real([
		top, failed, altered,
		e.message && [title('Message'), h('p', { class: 'message' }, own(plain(e.message)))],
		like && like.el, concurrentTitle, concurrent,
		h('section', {}, title('Where it happened'), list(facts)),
		labels,
		given.some(([, value]) => value) && h('section', { class: 'attributes' }, title('Attributes, from the service'), list(given)),
		e.stacktrace && [h('div', { class: 'titled' }, title('Chain and stack'), copyButton(e, pre)), pre],
		h('p', { class: 'actions' }, linkTo(e, 'Link to this failure'),
			e.jobId && h('a', { href: `jobs/${encodeURIComponent(e.jobId)}/exceptions?maxExceptions=100` }, 'This job as JSON')),
	]));
	return {
		update(used) {
			const more = (n) => n && h('li', {}, `and ${n} more`);
			refill(top, [e.rev, terms], () => [first(e.failureLabels)]);
			failed.hidden = !e.failedEnrichers.length;
			refill(failed, e.failedEnrichers, () => [title('Labels are incomplete'), h('ul', {}, e.failedEnrichers.map((f) =>
				h('li', {}, h('b', {}, own(line(f.enricher))), ` ${line(f.status, 40)}: `, own(plain(f.error, 2000)))), more(e.failedEnrichersDropped))]);
			const issues = e.labelIssues ?? [];
			altered.hidden = !issues.length;
			refill(altered, issues, () => [title('Labels dropped or cut'), h('ul', {}, issues.map((i) =>
				h('li', {}, h('b', {}, own(line(i.enricher))), ' ', own(line(i.key)), ': ', own(plain(i.error, 2000)))), more(e.labelIssuesDropped))]);
			concurrent.hidden = concurrentTitle.hidden = !e.companions.length;
			reconcile(concurrent, e.companions.map((c) => rowOf(c, level + 1, 'under', used)));
			const known = Object.entries(e.failureLabels).sort(([a], [b]) => byRank(a, b));
			labels.hidden = !known.length;
			refill(labels, [known, terms], () => [title('Labels, from the enrichers'), table(known)]);
			if (like) like.update();
		},
	};
}

// copyButton copies a text, and says whether it did: the clipboard needs https or localhost.
function copyButton(e, pre) {
	const copy = button('link', async () => {
		getSelection().selectAllChildren(pre);
		let done = false;
		try {
			await navigator.clipboard.writeText(e.stacktrace);
			done = true;
		} catch {
			try { done = document.execCommand('copy'); } catch { /* it is selected */ }
		}
		copy.textContent = done ? 'Copied' : 'Selected: copy it with the keyboard or the menu';
		$('news').textContent = copy.textContent;
	}, {}, 'Copy');
	return copy;
}

// goneIds are those of failures that a link has opened and that are not kept any more.
export const goneIds = () => [...linked].filter(([, e]) => e === null).map(([id]) => id);
