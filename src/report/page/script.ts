/**
 * Reads the values under a pointer or a key, offers the journal as a file, and opens what print should show. The page says everything without it.
 * It puts text into the page as text only.
 */
export const SCRIPT = `
'use strict';
(() => {
  const readValues = chart => {
    const data = JSON.parse(document.getElementById('points').textContent);
    const reading = chart.querySelector('.reading');
    const number = value => value.toLocaleString('en-US', {maximumFractionDigits: 1});
    let index = -1;

    const picture = () => [...chart.querySelectorAll('svg')].find(svg => svg.getBoundingClientRect().width > 0);
    const geometry = svg => ({
      left: +svg.dataset.left, right: +svg.dataset.right, from: +svg.dataset.from, to: +svg.dataset.to,
      box: svg.getBoundingClientRect(), width: svg.viewBox.baseVal.width,
    });

    function show(at) {
      const svg = picture();
      if (!svg || data.points.length === 0) return;
      index = data.points.findIndex(([, to]) => at < to);
      if (index < 0) index = data.points.length - 1;
      const [from, to, ok, failed, dropped, p50, p90, p99] = data.points[index];
      const middle = (from + to) / 2;
      const {left, right, from: first, to: last, box, width} = geometry(svg);
      const x = left + ((middle - first) / (last - first)) * (right - left);
      const line = svg.querySelector('.crosshair');
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
      line.setAttribute('visibility', 'visible');
      const faults = data.faults.filter(([begin, end]) => from < end && to > begin).map(([, , text]) => text);
      const latency = p50 === null ? 'no answer' : 'p50 ' + number(p50) + ', p90 ' + number(p90) + ', p99 ' + number(p99) + ' ms';
      reading.textContent = [
        number((from - data.start) / 1000) + ' s to ' + number((to - data.start) / 1000) + ' s',
        'ok ' + number(ok) + '/s, failed ' + number(failed) + '/s, dropped ' + number(dropped) + '/s',
        latency,
        ...faults,
      ].join('\\n');
      reading.hidden = false;
      const place = chart.getBoundingClientRect();
      const pointed = box.left - place.left + (x / width) * box.width;
      const size = reading.offsetWidth;
      const wanted = pointed + 14 + size > place.width - 4 ? pointed - 14 - size : pointed + 14;
      reading.style.left = Math.max(4, Math.min(wanted, place.width - size - 4)) + 'px';
    }

    function hide() {
      reading.hidden = true;
      for (const line of chart.querySelectorAll('.crosshair')) line.setAttribute('visibility', 'hidden');
    }

    chart.addEventListener('pointermove', event => {
      const svg = picture();
      if (!svg) return;
      const {left, right, from, to, box, width} = geometry(svg);
      const x = ((event.clientX - box.left) / box.width) * width;
      if (x < left || x > right) return hide();
      show(from + ((x - left) / (right - left)) * (to - from));
    });
    chart.addEventListener('pointerleave', hide);
    chart.addEventListener('blur', hide);
    chart.addEventListener('keydown', event => {
      if (event.key === 'Escape') return hide();
      const step = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity}[event.key];
      if (step === undefined || data.points.length === 0) return;
      event.preventDefault();
      const next = Math.max(0, Math.min(data.points.length - 1, index < 0 && step === 1 ? 0 : index + step));
      show(data.points[next][0]);
    });
  };
  for (const chart of document.querySelectorAll('.chart')) readValues(chart);

  const save = document.getElementById('save');
  if (save) {
    save.hidden = false;
    save.addEventListener('click', () => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([document.getElementById('journal').textContent], {type: 'application/json'}));
      link.download = 'journal.json';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details[data-print]:not([open])')];
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
  });
})();
`;
