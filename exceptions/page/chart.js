// Failures over time, as the server has counted them.

import { colour } from './colours.js';
import { byRank, chartKey, data, groupKey } from './data.js';
import { $, button, h, on, own, real, refill, s } from './dom.js';
import { draw } from './draw.js';
import { textOf } from './labels.js';
import { refresh, setColumns } from './load.js';
import { clock, count, day, line, number, span, DAY, HOUR, MINUTE } from './text.js';
import { go, pick, picked, rangeText, terms } from './url.js';

const HEIGHT = 132, LEFT = 40, BOTTOM = 18, TOP = 12;
const SERIES = 7; // values; the rest are "others"
const SHADES = 5; // values of a label without colours

let chart; // what is drawn

const columns = () => Math.max(12, Math.min(100, Math.floor(($('list').clientWidth - 30 - LEFT) / 9)));

export function drawChart() {
	const key = chartKey() ?? null;
	const keys = (data.labels ?? []).map((x) => x.key).sort(byRank);
	if (key !== null && keys.length && !keys.includes(key)) keys.push(key);
	refill($('by'), keys, () => keys.map((k) => h('option', { value: k }, line(k, 40))));
	refill($('group'), keys, () => keys.map((k) => h('option', { value: k }, line(k, 40))));
	$('by').value = key;
	$('group').value = groupKey();
	$('by').parentElement.hidden = !keys.length;
	const { histogram } = data;
	$('chart').hidden = !histogram?.series.length;
	if ($('chart').hidden) return;

	const { by, step } = histogram;
	const start = histogram.from;
	const shown = by === 'type' ? SERIES : SHADES;
	const sum = (counts) => counts.reduce((n, c) => n + c, 0);
	const none = { ...histogram.series.find((x) => x.value === ''), value: null, text: keys.length ? `no ${line(by, 40)}` : 'failures', css: 'c-' };
	const named = histogram.series.filter((x) => x.value !== '');
	const series = named.slice(0, shown + (named.length === shown + 1)).map(({ value, counts }, i) => ({ value, counts, text: textOf(by, value, 80), css: colour(by, value) || `s${i}` }));
	const rest = real([named.slice(series.length).map((x) => [x.counts]), histogram.other && [[histogram.other]]]);
	const length = Math.max(...histogram.series.map((x) => x.counts.length), histogram.other?.length ?? 0);
	const others = [...named.slice(series.length).map((x) => x.counts), histogram.other ?? []];
	if (rest.length) series.push({ text: 'others', counts: Array.from({ length }, (_, i) => sum(others.map((c) => c[i] ?? 0))), css: 'c-' });
	if (none.counts) series.push(none);
	for (const x of series) x.total = sum(x.counts);
	const buckets = Array.from({ length }, (_, i) => ({ from: start + i * step, to: start + (i + 1) * step, n: series.map((x) => x.counts[i]), total: sum(series.map((x) => x.counts[i])) }));
	chart = { by, buckets, step, series, total: sum(series.map((x) => x.total)), width: Math.max(200, plot.clientWidth) };
	drawPlot();
	drawTable();
	$('chart-note').textContent = `${rangeText()}${histogram.truncated ? '; of the newest only: the server did not count them all' : ''}`;
	refill($('legend'), [by, terms, series], () => series.map((x, i) => x.total > 0 && h('li', { class: x.css, 'data-i': i },
		button('', pick(by, x.value), { disabled: x.value === undefined || !keys.length ? '' : null, 'aria-pressed': picked(by, x.value), 'data-k': i, title: x.value },
			h('i'), own(x.text), h('span', {}, number(x.total))))));
}

const x = (i) => LEFT + (chart.width - LEFT - 4) * i / chart.buckets.length;

function drawPlot() {
	const { by, buckets, step, series, total, width } = chart;
	const high = Math.max(1, ...buckets.map((b) => b.total));
	const unit = 10 ** Math.floor(Math.log10(high));
	const top = [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].find((n) => n * unit >= high) * unit;
	const y = (n) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - n / top);
	const svg = s('svg', { role: 'img', 'aria-labelledby': 'plot-title plot-text', width, height: HEIGHT },
		s('title', { id: 'plot-title' }, `Failures over time, by ${line(by)}`),
		s('desc', { id: 'plot-text' }, `${count(total, 'failure')}, ${span(buckets[0].from, buckets.at(-1).to)}: ${series.filter((v) => v.total).map((v) => `${v.text} ${v.total}`).join(', ')}`));
	for (const n of top % 2 ? [0, top] : [0, top / 2, top]) {
		svg.append(s('path', { d: `M${LEFT} ${Math.round(y(n)) + 0.5}H${width}` }), s('text', { x: LEFT - 6, y: y(n) + 4, 'text-anchor': 'end' }, n < 10000 ? number(n) : n.toLocaleString('en', { notation: 'compact' })));
	}
	const every = Math.ceil(buckets.length / Math.max(2, Math.floor((width - LEFT) / 96)));
	buckets.forEach((b, i) => {
		const wide = x(i + 1) - x(i);
		if (i % every === 0 && x(i) < width - 48) svg.append(s('text', { x: x(i), y: HEIGHT - 4 }, tick(b.from, buckets[i - every]?.from, step)));
		let below = 0;
		svg.append(s('g', { class: 'column', 'data-b': i }, s('rect', { class: 'hit', x: x(i), width: wide, y: 0, height: HEIGHT - BOTTOM }), b.n.map((n, j) => {
			if (!n) return null;
			const gap = below ? 1 : 0;
			const [bottom, high] = [y(below) - gap, y(below += n)];
			return s('rect', { class: series[j].css, 'data-i': j, x: x(i) + 0.5, width: Math.max(1, wide - 1.5), y: high, height: Math.max(1, bottom - high), rx: 1 });
		})));
	});
	for (const { value, firstSeen } of data.versions) { // what was deployed when
		const at = (firstSeen - buckets[0].from) / step;
		if (at < 0 || at > buckets.length) continue;
		svg.append(s('g', { class: 'mark' }, s('title', {}, `${line(value, 60)} was first seen`), s('path', { d: `M${x(at)} 2V${HEIGHT - BOTTOM}` }),
			s('text', at > buckets.length * 0.85 ? { x: x(at) - 4, y: 10, 'text-anchor': 'end' } : { x: x(at) + 4, y: 10 }, line(value, 20))));
	}
	svg.append(brush);
	refill(plot, svg.outerHTML, () => [svg, tip]);
	if (!svg.isConnected) plot.querySelector('svg').append(brush);
}

function tick(ms, before, step) {
	if (step >= 300 * DAY) return String(new Date(ms).getFullYear());
	if (step >= DAY || (before ? day(before) !== day(ms) : step >= HOUR)) return new Date(ms).toLocaleDateString('en', { month: 'short', day: 'numeric' });
	return step < MINUTE ? clock(ms) : clock(ms).slice(0, 5);
}

function drawTable() {
	if (!$('table').open) return;
	const { buckets, series } = chart;
	const cols = series.filter((c) => c.total);
	refill($('table').lastElementChild, [buckets, cols], () => [h('table', {},
		h('thead', {}, h('tr', {}, ['Time', ...cols.map((c) => own(c.text)), 'all'].map((c) => h('th', { scope: 'col' }, c)))),
		h('tbody', {}, buckets.filter((b) => b.total).toReversed().map((b) => h('tr', {},
			h('th', { scope: 'row' }, button('link', () => zoom(b, b), { 'data-k': b.from }, span(b.from, b.to))),
			cols.map((c) => h('td', {}, number(b.n[series.indexOf(c)]))), h('td', {}, number(b.total))))))]);
}

const tip = h('div', { class: 'tip', hidden: '', 'aria-hidden': true });
const brush = s('rect', { class: 'brush', y: 0, height: HEIGHT - BOTTOM, width: 0 });
const zoom = (a, b) => go({ from: Math.round(Math.min(a.from, b.from)), to: Math.round(Math.max(a.to, b.to)) - 1 });

// A drag selects a time, a click a column or one of its parts.
let drag = null; // {x, id}
const endDrag = () => { drag = null; brush.setAttribute('width', 0); };
const place = (event) => event.clientX - plot.getBoundingClientRect().left;
const bucketAt = (px) => chart.buckets[Math.max(0, Math.min(chart.buckets.length - 1, Math.floor((px - LEFT) / (chart.width - LEFT - 4) * chart.buckets.length)))];
const plot = on('plot', {
	pointerdown(event) {
		if (event.button === 0) drag = { x: place(event), id: event.pointerId, far: false };
	},
	pointermove(event) {
		const at = place(event);
		if (drag && Math.abs(at - drag.x) > 6 && !drag.far) {
			drag.far = true;
			plot.setPointerCapture(drag.id);
		}
		if (drag?.far) {
			const [a, b] = [Math.max(LEFT, Math.min(at, drag.x)), Math.min(chart.width - 4, Math.max(at, drag.x))];
			brush.setAttribute('x', a);
			brush.setAttribute('width', Math.max(0, b - a));
			tip.replaceChildren(h('b', {}, span(bucketAt(a).from, bucketAt(b).to)));
		} else {
			const b = chart?.buckets[event.target.closest('.column')?.dataset.b];
			tip.hidden = !b;
			if (!b) return;
			tip.replaceChildren(h('b', {}, span(b.from, b.to)),
				...real(chart.series.map((c, i) => b.n[i] > 0 && h('span', { class: c.css }, h('i'), own(c.text), h('span', {}, number(b.n[i]))))).reverse());
		}
		const { width } = plot.getBoundingClientRect();
		tip.style.left = `${at < width / 2 ? at + 14 : Math.max(0, at - 14 - tip.offsetWidth)}px`;
	},
	pointerleave() { tip.hidden = true; },
	pointercancel: endDrag,
	pointerup(event) {
		const was = drag;
		endDrag();
		tip.hidden = true;
		if (was?.far) return zoom(bucketAt(was.x), bucketAt(place(event)));
		const b = was && chart.buckets[event.target.closest('.column')?.dataset.b];
		if (!b) return;
		const { value } = chart.series[event.target.dataset.i] ?? {};
		if (value !== undefined && data.labels?.length) pick(chart.by, value)(event);
		else zoom(b, b);
	},
});
addEventListener('keydown', (event) => {
	if (event.key === 'Escape' && drag) endDrag();
});
on('by', { change: (event) => go({ by: event.target.value }) });
on('table', { toggle: () => chart && drawTable() });

// Another width has another number of columns.
setColumns(columns());
let settle;
new ResizeObserver(() => {
	if (!chart || plot.clientWidth === chart.width) return;
	draw();
	setColumns(columns());
	clearTimeout(settle);
	if (Math.abs(columns() - chart.buckets.length) > 15) settle = setTimeout(refresh, 300, { list: false, quiet: true });
}).observe(plot);
