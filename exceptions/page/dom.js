// Elements, and how what is on the screen is brought up to date without losing focus, selections
// and scroll positions.

import { ago, plain, line, stamp } from './text.js';

export const $ = (id) => document.getElementById(id);
export const real = (kids) => kids.flat(Infinity).filter((kid) => kid || kid === 0);

export const h = (tag, props, ...kids) => fill(document.createElement(tag), props, kids);
export const s = (tag, props, ...kids) => fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, kids);
export const icon = (d) => s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': true }, s('path', { d }));
export const button = (css, click, props, ...kids) => h('button', { type: 'button', class: css, click, ...props }, ...kids);
export const own = (text, css, title) => h('bdi', { class: css, title }, text); // isolated: cannot reorder what is around
export const on = (id, events) => fill($(id), events, []);

function fill(el, props, kids) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (typeof value === 'function') el.addEventListener(name, value);
		else if (value != null) el.setAttribute(name, value);
	}
	el.append(...real(kids));
	return el;
}

// reconcile makes nodes the children of parent. It touches only what differs.
export function reconcile(parent, nodes) {
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
export function refill(box, shows, make) {
	shows = JSON.stringify(shows);
	if (box.shows === shows) return;
	box.shows = shows;
	const k = box.contains(document.activeElement) && document.activeElement.dataset.k;
	box.replaceChildren(...real([make()]));
	if (k) [...box.querySelectorAll('[data-k]')].find((el) => el.dataset.k === k)?.focus({ preventScroll: true });
}

// A time says how long ago it was, and is kept up to date.
export function time(ms, css) {
	return h('time', { class: css, 'data-ms': ms, title: `${stamp(ms)}, in UTC ${utc(ms)}` }, ago(ms));
}
const utc = (ms) => { try { return new Date(ms).toJSON(); } catch { return ms; } };
setInterval(() => { for (const el of document.querySelectorAll('time')) el.textContent = ago(el.dataset.ms); }, 10_000);

// link returns a link to another site: of a label that is a URL.
export const link = (href, text, css, props) => h('a', { href, class: css, target: '_blank', rel: 'noopener noreferrer', title: plain(href, 300), ...props },
	own(line(text, 200)), icon('M6 3H3v10h10v-3M9 3h4v4m0-4L7 9'));
