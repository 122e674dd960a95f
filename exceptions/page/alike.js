// One-off or trend, and which other jobs have it: the last seven days of failures like one.

import { alikeKey, jobOf } from './data.js';
import { draw } from './draw.js';
import { button, h, own, refill, time } from './dom.js';
import { format, term } from './filter.js';
import { textOf } from './labels.js';
import { about } from './load.js';
import { spark } from './spark.js';
import { count, DAY, line, number, now } from './text.js';
import { ANY, go, urlOf, view } from './url.js';

const WEEK = { last: '7d', from: null, to: null, compare: false };
const answers = new Map(); // by key and value

// ask returns what is known, and fetches it anew if it is old.
function ask(key, value) {
	const k = JSON.stringify([key, value]);
	const known = answers.get(k);
	if (known?.pending || known?.at > now() - 30_000) return known;
	const next = { ...known, pending: true, at: now() };
	answers.set(k, next);
	if (answers.size > 200) answers.delete(answers.keys().next().value);
	about(key, value).then((answer) => Object.assign(next, { answer, problem: null }), (problem) => Object.assign(next, { problem })).finally(() => {
		next.pending = false;
		draw(true);
	});
	return next;
}

// alike returns the part of an open failure, or group, about those like it.
export function alike(e, level, group) {
	const el = h('section', { class: 'like' });
	return {
		el,
		update() {
			const key = group ? group.by : alikeKey(e);
			el.hidden = key === undefined;
			if (el.hidden) return;
			const value = group ? group.value : e.failureLabels[key];
			const { answer, problem } = ask(key, value);
			refill(el, [key, value, answer, problem?.message, view.view], () => [
				h(`h${Math.min(level, 6)}`, {}, 'Failures like this'),
				problem && h('p', { class: 'bad' }, line(problem.message, 300)),
				answer ? shown(key, value, answer) : !problem && h('p', { class: 'quiet counting' }, 'Counting…'),
				button('do', () => go({ ...ANY, ...WEEK, view: 'time', filter: format([term(key, value)]) }), { 'data-k': 'like' }, 'Show failures like this'),
			]);
		},
	};
}

function shown(key, value, { hours, group, jobs, more, to }) {
	const { step } = hours;
	const start = hours.from;
	const all = [...hours.series.map((x) => x.counts), hours.other ?? []];
	const counts = Array.from({ length: Math.max(0, ...all.map((x) => x.length)) }, (_, i) => all.reduce((n, x) => n + (x[i] ?? 0), 0));
	const sum = (from, until) => counts.reduce((n, c, i) => n + (start + i * step >= from && start + i * step < until ? c : 0), 0);
	const border = to - DAY - step / 2;
	const [total, last, before] = [sum(-Infinity, Infinity), sum(border, Infinity), sum(border - DAY, border)];
	const width = Math.max(1, Math.ceil(counts.length / 56));
	const bars = Array.from({ length: Math.ceil(counts.length / width) }, (_, i) => counts.slice(i * width, (i + 1) * width).reduce((n, c) => n + c, 0));
	const what = key === 'fingerprint' ? 'the same fingerprint' : `${line(key, 40)} ${textOf(key, value === '' ? null : value, 60)}`;
	return [
		h('p', {}, h('b', { class: 'verdict' }, verdict(total, last, before, group)), ` ${number(last)} in the last 24 h, ${number(before)} in the 24 h before, ${number(total)} in 7 days with ${what}.`,
			hours.truncated && ' At least: the server did not count them all.', group && [' First seen ', time(group.firstSeen), '.']),
		spark(bars, `The last 7 days: ${count(total, 'failure')}`, 'spark wide'),
		jobs.length > 0 && h('p', {}, group ? `In ${count(group.jobs, 'job')}${more ? ', the most in' : ''}:` : 'In these jobs:'),
		h('ul', {}, jobs.map((job) => h('li', {}, h('a', { href: urlOf({ ...view, ...ANY, ...WEEK, view: 'time', job: jobOf(job), filter: format([term(key, value)]) }) }, own(line(job.jobName || job.jobId) || 'No job')),
			h('span', {}, count(job.failures, 'failure')), time(job.latest.timestamp), job.resolved && h('span', { class: 'good' }, 'works again')))),
	];
}

// verdict says in a word what the numbers mean.
function verdict(total, last, before, group) {
	if (total <= 1) return 'One-off.';
	if (!last) return 'Not in the last 24 h.';
	if (group?.firstSeen > now() - DAY) return 'New in the last 24 h.';
	if (!before) return 'Back in the last 24 h.';
	if (last >= 1.5 * before && last >= before + 3) return 'Increasing.';
	return last * 1.5 <= before && before >= last + 3 ? 'Decreasing.' : 'Steady.';
}
