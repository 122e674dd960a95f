// How a label is shown: as a chip that filters, and as a link if it is a URL.

import { button, h, icon, link, own } from './dom.js';
import { colour } from './colours.js';
import { messages } from './data.js';
import { line, linkOf, plain } from './text.js';
import { has, pick } from './url.js';

const LEAD = document.querySelector('meta[name=lead-labels]').content.split('\n').filter(Boolean); // label keys of a closed row, as the service configured them

export const leads = (labels) => LEAD.filter((key) => Object.hasOwn(labels, key));

// textOf returns a value as it is shown: that of a fingerprint is an example of its message.
export function textOf(key, value, max = 120) {
	if (value === null) return `no ${line(key, 40)}`;
	if (key === 'fingerprint' && messages.has(value)) return line(messages.get(value), max);
	return line(value, max) || '(empty)';
}

export function chip(key, value) {
	const title = `${plain(key, 200)}: ${plain(value, 1000)}\n(Shift-click: without it)`;
	return button(`chip ${colour(key, value)}`, pick(key, value), { 'aria-pressed': has(key, value), title, 'data-k': `${key}:${value}` }, own(line(key), 'key'), ' ', own(line(value) || '(empty)'));
}

// linkChips are the links of a closed row.
export function linkChips(labels) {
	const href = Object.hasOwn(labels, 'runbook') ? linkOf(labels.runbook) : null;
	return href && h('li', {}, link(href, 'Runbook', 'go', { 'data-k': 'runbook' }));
}

// first are the labels that say what to do, at the head of an open failure.
export function first(labels) {
	const value = (key) => {
		const text = labels[key];
		const href = linkOf(text);
		return href ? link(href, text) : key === 'hint' ? own(plain(text, 4000)) : chip(key, text);
	};
	const keys = ['owner', 'team', 'hint', 'runbook'].filter((key) => Object.hasOwn(labels, key) && (key !== 'team' || !Object.hasOwn(labels, 'owner')));
	return keys.length > 0 && h('dl', { class: 'first' }, keys.map((key) => h('div', {}, h('dt', {}, { owner: 'Owner', team: 'Team', hint: 'Hint', runbook: 'Runbook' }[key]), h('dd', {}, value(key)))));
}

// table lists all labels, each with its filter, and a link if it is one.
export const table = (entries) => h('dl', { class: 'labels' }, entries.map(([key, value]) => {
	const href = linkOf(value);
	return h('div', { class: colour(key, value) }, h('dt', {}, own(line(key))),
		h('dd', {}, href ? link(href, value) : own(plain(value, 4000) || '(empty)'),
			button('only-this', pick(key, value), { 'aria-pressed': has(key, value), 'data-k': `=${key}`, title: `Only failures with ${line(key)}: ${line(value, 200)}\n(Shift-click: without it)` }, icon('M2 3.5h12l-4.5 5V13l-3-1.5v-3z'))));
}));
