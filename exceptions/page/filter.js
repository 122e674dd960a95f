// The grammar of failureLabelFilter, for which see ParseFilter: key:value, key=value, key, and ! for
// those without.

import { line } from './text.js';

const word = (end) => String.raw`(?:\s*"((?:[^"\\]|\\.)*)"\s*|(?!\s*")([^${end}]*))`;
const TERM = new RegExp(String.raw`\s*(!?)${word(':=,')}([:=]${word(',')})?(?:,|$)`, 'sy');
const unquote = (quoted, bare) => quoted?.replace(/\\(["\\])/g, '$1') ?? bare.trim();

export function parse(text) {
	const out = [];
	for (let at = 0; at < text.length; at = TERM.lastIndex) {
		TERM.lastIndex = at;
		const [, not, q1, key, sign, q2, value] = TERM.exec(text) ?? [];
		const term = key ?? q1 ?? '';
		if (not === undefined || !term.trim() && (not || sign)) throw new Error(`“${line(text.slice(at))}” is not a filter: write key:value, !key:value or key, and values with commas in double quotes.`);
		if (term.trim()) out.push({ not: !!not, key: unquote(q1, key), value: sign ? unquote(q2, value) : null });
	}
	return out;
}

const quote = (text, must) => (must || /^[\s"\x85]|,|[\s\x85]$/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text);
export const format = (list) => list.map((t) => `${t.not ? '!' : ''}${quote(t.key, /^!|[:=]/.test(t.key))}${t.value === null ? '' : `:${quote(t.value)}`}`).join(', ');

// term selects the failures with a value of a label; with "", as groups have it, those without it.
export const term = (key, value) => (value === '' ? { key, value: null, not: true } : { key, value, not: false });

const valueOf = (e, key) => (Object.hasOwn(e.failureLabels, key) ? e.failureLabels[key] : null);

// matches reports whether a failure matches a filter. It is for single failures that have just
// happened; all counting and searching is the server's.
export const matches = (e, list) => list.every((t) => {
	const value = valueOf(e, t.key);
	return (value !== null && (t.value === null || t.value === value)) !== t.not;
});
