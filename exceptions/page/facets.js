// How often each label occurs, by the counts of the server.

import { colour } from './colours.js';
import { byRank, data } from './data.js';
import { $, button, h, icon, own, refill, s } from './dom.js';
import { draw } from './draw.js';
import { textOf } from './labels.js';
import { line, linkOf, number, plain } from './text.js';
import { has, pick, terms, toggle } from './url.js';

const FACETS = 6; // values of a label key, before one asks for more
const unfolded = new Set(); // keys whose values are all listed

export function drawFacets() {
	const list = (data.labels ?? []).map(({ key, values, valuesDropped }) => [key, values.map(({ value, count }) => [value, count, textOf(key, value)]), unfolded.has(key), valuesDropped]).sort(([a], [b]) => byRank(a, b));
	$('facets-box').hidden = !list.length;
	refill($('facets'), [list, terms, data.labelsTruncated], () => [data.labelsTruncated && h('p', {}, 'Not all are counted.'), list.filter(([, values]) => !values.every(([value]) => linkOf(value))).map(facet)]);
}

function facet([key, values, all, rare]) {
	const wanted = (value) => terms.some((t) => t.key === key && t.value === value); // always listed
	const some = values.filter(([value], i) => i < (all ? 300 : FACETS) || wanted(value));
	const fold = () => { if (!unfolded.delete(key)) unfolded.add(key); draw(true); };
	return h('section', {}, h('h3', { title: plain(key, 200) }, own(line(key))),
		h('ul', {}, some.map(([value, n, text]) => {
			const k = `${key}:${value}`;
			const [only, not] = [has(key, value), has(key, value, true)];
			return h('li', { class: colour(key, value) + (not ? ' excluded' : '') },
				button('only', pick(key, value), { 'aria-pressed': only, 'data-k': k, title: plain(value, 1000) },
					key === 'type' && h('i'), own(text), h('span', {}, number(n)), s('svg', { 'aria-hidden': true }, s('rect', { height: 3, rx: 1.5, width: `${100 * n / values[0][1]}%` }))),
				button('without', () => toggle(key, value, true), { 'aria-pressed': not, 'data-k': `!${k}`, title: `Without ${line(key)}: ${text}` }, icon('M4 8h8')));
		})),
		rare > 0 && h('p', {}, `+ ${number(rare)} rarer`),
		(all || some.length < values.length) && button('link', fold, { 'data-k': `+${key}` }, all ? 'Fewer' : `${number(values.length - some.length)} more`));
}
