// The page of a history of failures. What is shown follows from the URL (url.js) and the answers of
// the server (load.js, data.js); draw.js decides when the parts below bring the screen up to date.

import { drawChart } from './chart.js';
import { drawActive, drawFields, drawRange } from './controls.js';
import { nameOf } from './data.js';
import { real } from './dom.js';
import { draw, setDrawers } from './draw.js';
import { drawFacets } from './facets.js';
import { drawList, resetRoom, reveal } from './list.js';
import { connect, resetFresh } from './live.js';
import { onData, refresh } from './load.js';
import { line } from './text.js';
import { onVisit, readURL, view } from './url.js';
import './theme.js';

setDrawers([drawActive, drawRange, drawChart, drawFacets, drawList, reveal, () => {
	document.title = real([view.job && line(nameOf(view.job)), line(view.filter), 'Failures']).join(' · ');
}]);
onData(() => draw(true));

// follow does what the URL says.
function follow() {
	readURL();
	drawFields();
	resetFresh();
	resetRoom();
	draw(true);
}

onVisit(() => {
	follow();
	refresh();
});
follow();
connect(); // makes the first request once the event stream is there: what happens in between is in it then
