// Texts are not trusted: plain() spells out what is invisible, and they never become markup.

// Characters that are invisible, or that reorder the text around them.
const HIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

export function plain(text, max = Infinity) {
	text = String(text ?? '');
	if (text.length > max) text = `${text.slice(0, max)}…`;
	return text.replaceAll('\r\n', '\n').replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

export const line = (text, max = 120) => plain(String(text ?? '').trim().slice(0, 4 * max).replace(/\s*\n\s*/g, ' ⏎ '), max);
export const number = (n) => n.toLocaleString('en');
export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

// linkOf returns the address of a text that is an absolute http or https URL, or null.
export function linkOf(text) {
	if (!/^https?:\/\/[^\s]+$/i.test(text) || text !== plain(text)) return null;
	try {
		const { protocol, href } = new URL(text);
		return protocol === 'https:' || protocol === 'http:' ? href : null;
	} catch {
		return null;
	}
}

// ---- Times: integers, ms ----

export const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

let skew = 0; // ms that this clock is ahead of the server's
export const now = () => Date.now() - skew;
export function setServerTime(ms) {
	const ahead = Date.now() - ms;
	skew = Math.abs(ahead) > 3000 ? ahead : 0;
}

const valid = (ms) => new Date(Math.max(-8.64e15, Math.min(8.64e15, ms)));
export const day = (ms) => valid(ms).toLocaleDateString('sv'); // 2026-01-02
export const clock = (ms) => valid(ms).toLocaleTimeString('sv'); // 15:04:05
export const stamp = (ms) => valid(ms).toLocaleString('sv', { timeZoneName: 'short' });
const minute = (ms) => clock(ms).slice(0, ms % MINUTE ? 8 : 5);

export function span(from, to) {
	const [first, last] = [day(from), day(to)];
	return `${first === day(now()) ? '' : `${first} `}${minute(from)} – ${first === last ? '' : `${last} `}${minute(to)}`;
}

export function length(ms) {
	const [n, unit] = ms < 90 * MINUTE ? [ms / MINUTE, 'min'] : ms < 36 * HOUR ? [ms / HOUR, 'h'] : [ms / DAY, 'days'];
	return `${number(Math.round(n))} ${unit}`;
}

export function ago(ms) {
	const sec = (now() - ms) / 1000;
	if (sec < -5) return `${day(ms)} ${minute(ms)}`;
	if (sec < 5) return 'now';
	if (sec < 60) return `${Math.floor(sec)} s ago`;
	if (sec < 3600) return `${Math.floor(sec / 60)} min ago`;
	return sec < 36 * 3600 ? `${Math.floor(sec / 3600)} h ago` : `${number(Math.floor(sec / 86400))} days ago`;
}
