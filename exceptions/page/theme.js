// The theme is the system's until one is chosen. Storage may be forbidden.

const root = document.documentElement.dataset;
try { root.theme = localStorage.failuresTheme ?? ''; } catch { /* the system's */ }

document.getElementById('theme').addEventListener('click', () => {
	const name = root.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
	root.theme = name === 'dark' ? 'light' : 'dark';
	try { localStorage.failuresTheme = root.theme; } catch { /* it lasts as long as the page */ }
});
