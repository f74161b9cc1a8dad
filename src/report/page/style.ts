/** Looks of a report's text. Colours are named once, for light and for dark; what a colour says, a sign or a word says too. */
export const STYLE = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1c2430;--soft:#5b6675;--line:#dfe3e8;--code:#f1f3f5;
--good:#1a7f4b;--good-back:#e7f5ec;--bad:#b42318;--bad-back:#fdecea;--warn:#8a5a00;--warn-back:#fdf3dc;
--ok:#1f6fbf;--failed:#c2410c;--dropped:#7c3aed;--p50:#0f8a7e;--p90:#b0700a;--p99:#b3256d;--w0:#64748b;--w1:#b45309;--w2:#0e7490;--w3:#7e22ce}
@media screen and (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#a0abba;--line:#333c49;--code:#232b36;
--good:#5fd39a;--good-back:#12301f;--bad:#ff8a7a;--bad-back:#3b1714;--warn:#f2c14e;--warn-back:#352a0e;
--ok:#6bb2f7;--failed:#ff9257;--dropped:#b99cff;--p50:#4fd1c0;--p90:#f0b85a;--p99:#ff85bb;--w0:#94a3b8;--w1:#f0a95a;--w2:#5cc8de;--w3:#c79bff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1000px;margin:0 auto;padding:24px 20px 64px;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25;margin:20px 0 8px}
h2{font-size:1.25rem;margin:40px 0 12px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:0 0 8px}
p{margin:0 0 8px}ul,ol{margin:0;padding:0;list-style:none}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;background:var(--code);border-radius:4px}
code{padding:1px 5px}pre{padding:10px 12px;margin:6px 0 0;white-space:pre-wrap;max-height:480px;overflow-y:auto}
a{color:var(--ok)}bdi,code,pre,dd,td,th{unicode-bidi:isolate}
summary{cursor:pointer;color:var(--soft);font-size:.9rem;padding:2px 0}
:focus-visible{outline:2px solid var(--ok);outline-offset:2px}
.hint,.meta,.tolerance,.description{color:var(--soft);font-size:.9rem}.description{white-space:pre-line;font-size:1rem}
.verdict{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline;padding:14px 18px;margin:0 0 8px;border-radius:8px;border:1px solid;border-left-width:8px}
.verdict .word{font-size:1.45rem;font-weight:700}.verdict .because{color:var(--ink);white-space:pre-line}
.verdict.good{color:var(--good);background:var(--good-back)}.verdict.bad{color:var(--bad);background:var(--bad-back)}.verdict.warn{color:var(--warn);background:var(--warn-back)}
.doubts{padding:8px 14px;border-radius:8px;color:var(--warn);background:var(--warn-back);font-weight:600}.doubts li{padding-left:1.5em;text-indent:-1.5em}
.tags{display:flex;flex-wrap:wrap;gap:6px;margin-bottom:10px}.tags li{border:1px solid var(--line);border-radius:99px;padding:0 10px;font-size:.85rem;color:var(--soft)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:10px 24px;margin:12px 0}
.facts .command{grid-column:1/-1}.facts .command code{display:block;padding:8px 12px}dt{color:var(--soft);font-size:.82rem}dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(146px,1fr));gap:10px;margin-top:16px}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px;display:flex;flex-direction:column}
.tiles strong{font-size:1.25rem;white-space:nowrap;line-height:1.3;font-variant-numeric:tabular-nums}.tiles .name,.tiles .note{color:var(--soft);font-size:.82rem}
.card{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--line);border-radius:8px;padding:14px 16px;margin:0 0 12px;break-inside:avoid}
.card.good{border-left-color:var(--good)}.card.bad{border:2px solid var(--bad);border-left-width:8px;background:var(--bad-back)}.card.warn{border-left:8px double var(--warn)}
.card dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:8px 24px;margin:0}
.card div.bad dd{color:var(--bad);font-weight:600}
.badge{display:inline-block;border:1px solid;border-radius:99px;padding:0 10px;font-size:.82rem;white-space:nowrap}
.good>.sign,.badge.good{color:var(--good)}.bad>.sign,.bad>h3 .sign,.badge.bad,.exception{color:var(--bad)}.warn>h3 .sign,.badge.warn{color:var(--warn)}.good>h3 .sign{color:var(--good)}
.badge.bad{font-weight:700;text-transform:uppercase}.sign{font-weight:600;white-space:nowrap}
.looks li{display:grid;grid-template-columns:130px 170px 1fr;gap:2px 12px;padding:5px 0;border-top:1px solid var(--line);align-items:baseline}
.looks code{justify-self:start}.looks .summary{display:block;color:var(--soft)}.when{color:var(--soft)}
.activities li{border-left:3px solid var(--line);padding:2px 0 10px 14px}.activities li.bad{border-left-color:var(--bad)}.activities li.warn{border-left-color:var(--warn)}
.activities h3{margin:0}.activities .meta{margin:0}.exception{white-space:pre-line;font-weight:600;margin:4px 0}
table{width:100%;border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:0 0 10px}
caption{text-align:left;color:var(--soft);padding:0 0 4px}
th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line);font-weight:400;vertical-align:top}
thead th{color:var(--soft);font-size:.82rem}tbody th{font-weight:600}.figure{text-align:right;white-space:nowrap}tbody tr:hover{background:var(--code)}
button{font:inherit;padding:6px 14px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:var(--ink);cursor:pointer}
@media (max-width:800px){table{font-size:.82rem}th,td{padding:5px 4px}}
@media (max-width:640px){
table{font-size:.9rem}main{padding:12px 14px 48px}h1{font-size:1.35rem}.tiles{grid-template-columns:1fr 1fr}
.looks li{grid-template-columns:1fr}
table,caption,tbody,tr,td,tbody th{display:block}thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
tr{padding:8px 0;border-bottom:1px solid var(--line)}th,td{border:0;padding:1px 0}
td{display:flex;justify-content:space-between;gap:12px}td::before{content:attr(data-head);color:var(--soft)}tbody th.figure{text-align:left}
}
@media print{
@page{margin:14mm}
table{font-size:8.5pt}th,td{padding:4px}body{font-size:10.5pt;background:#fff}main{max-width:none;padding:0}h2,h3{break-after:avoid}
.card,.tiles li,.activities li,tr,.chart{break-inside:avoid}button,.hint,details:not([data-print]),.reading{display:none!important}pre{max-height:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
