// A small chart without axes.

import { h, s } from './dom.js';
import { number } from './text.js';

export function spark(counts, text, css = 'spark') {
	const most = Math.max(1, ...counts);
	const d = counts.map((n, i) => (n ? `M${i + 0.1} 24h.8v${-Math.max(1.5, 23 * n / most)}h-.8z` : '')).join('');
	return h('span', { class: css, role: 'img', 'aria-label': `${text}, at most ${number(most)} at once`, title: text },
		s('svg', { viewBox: `0 0 ${counts.length} 24`, preserveAspectRatio: 'none', 'aria-hidden': true }, s('path', { class: 'ground', d: `M0 23.6h${counts.length}v.4H0z` }), s('path', { d })));
}
