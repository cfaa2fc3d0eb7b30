/* SPDX-License-Identifier: Apache-2.0 */
/* The page's style sheet. Colours are of Okabe and Ito's set (Color Universal Design, 2008), darkened where text needs a
 * contrast of 4.5 : 1 on white (WCAG 2.1, 1.4.3): blue #00568a, vermilion #a34700, grey #545454. No green: nothing here says
 * that all is well. */
#include "plugin/report/html/html.h"

const char *const es_html_style[] = {
    "<style>\n"
    ":root{--ink:#1a1a1a;--mute:#545454;--line:#c4c8cc;--soft:#f3f5f7;--blue:#00568a;--warn:#a34700}\n"
    "*{box-sizing:border-box}\n"
    "html{font:17px/1.45 \"DejaVu Sans\",Verdana,\"Segoe UI\",system-ui,sans-serif;color:var(--ink);background:#fff}\n"
    "body{margin:0 auto;padding:1.2rem 1.4rem 4rem;max-width:1240px}\n"
    "h1{font-size:1.75rem;margin:0 0 .2rem}h2{font-size:1.4rem;margin:2.6rem 0 .7rem;padding-top:.5rem;border-top:3px solid "
    "var(--ink)}\n"
    "h3{font-size:1.12rem;margin:1.6rem 0 .5rem}p{margin:.4rem 0}a{color:var(--blue)}\n"
    ".lead{color:var(--mute);margin:0 0 1rem}.note{border-left:5px solid #e69f00;background:#fff6e0;padding:.5rem "
    ".8rem;margin:.8rem 0}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:.8rem;margin:1rem "
    "0;padding:0;list-style:none}\n"
    ".tiles li{border:2px solid var(--line);border-left-width:10px;padding:.5rem .8rem .6rem;background:#fff}\n"
    ".tiles b{display:block;font-size:2.3rem;line-height:1.15}.tiles .warn{border-color:var(--warn)}.tiles "
    ".blue{border-color:var(--blue)}\n"
    ".tiles .grey{border-color:#8a8a8a}.says{font-size:1.12rem;padding-left:1.3rem}.says li{margin:.3rem 0}\n"
    "nav ul{columns:2;column-gap:2.5rem;padding-left:1.2rem;margin:.3rem 0}nav li{break-inside:avoid}\n"
    "#cannot td:nth-child(3){min-width:13em}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0 "
    "1rem;font-size:.84rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:600;font-size:.95rem;padding:.3rem 0}th,td{padding:.28rem "
    ".45rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}thead th{border-bottom:2px solid var(--ink);vertical-align:bottom;background:#fff}\n"
    "td.n+td:not(.n),th.n+th:not(.n){padding-left:1rem}tbody th{font-weight:600}tr.axis "
    "th{background:var(--soft);border-bottom:1px solid #8a8f94;font-size:.9rem}\n"
    ".n,.n th{text-align:right}td.n{text-align:right;white-space:nowrap}tr.unknown th{font-style:italic}\n"
    ".sub{color:var(--mute);font-size:.92em}td .sub{white-space:nowrap}td .sub.wrap,td "
    ".sub.why{white-space:normal}.g{white-space:nowrap}.mute{color:var(--mute);font-style:italic}td "
    ".sub.row{display:block}abbr{text-decoration:none}.prov th{width:15rem}\n"
    ".v{display:inline-block;padding:.08rem .5rem;border:2px solid;font-weight:700;white-space:nowrap}\n"
    ".v.warn{background:var(--warn);border-color:var(--warn);color:#fff}.v.edge{color:var(--warn);border-color:var(--warn)}.v."
    "blue{color:var(--blue);border-color:var(--blue)}\n"
    ".v.grey{color:var(--mute);border-color:#8a8a8a;border-style:dashed;font-weight:400}\n",
    "figure{margin:.6rem 0;break-inside:avoid}figcaption{font-size:.82rem;color:var(--mute);padding:.2rem 0 .4rem}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(540px,1fr));gap:.4rem 2rem;align-items:start}\n"
    "svg{display:block;width:100%;height:auto}svg text{font-size:13px;fill:#1a1a1a}svg .h{font-weight:700}svg .mu{fill:#545454;"
    "font-style:italic;font-size:11.5px}svg .e{text-anchor:end}svg .m{text-anchor:middle;fill:#545454}\n"
    "svg .bg{fill:#fff}svg .w{stroke:#00568a;stroke-width:2.4;fill:none}svg .wb{stroke:#a34700;stroke-width:2.4;fill:none}svg "
    ".p{fill:#00568a}"
    "svg .pf{fill:#fff;stroke:#00568a;stroke-width:2.2}svg .pb{fill:#a34700}svg .g{stroke:#dde1e5;stroke-width:1}\n"
    "svg .ev{stroke:#1a1a1a;stroke-width:1.6}svg .fl{stroke:#a34700;stroke-width:2;stroke-dasharray:6 4}svg .la{stroke:#c8c8c8;stroke-width:9}\n"
    "svg .cs{fill:#cfe3f2}svg .cr{stroke:#1a1a1a;stroke-width:1.6;fill:none}svg .fl,svg .cs{stroke-linejoin:round}svg .al{fill:#a34700;"
    "font-weight:700}\n"
    ".key{display:inline-block;width:1.6em;vertical-align:middle;border-top:2px solid #1a1a1a}.key.la{border-top:8px solid #c8c8c8}.key.fl{border-top:3px dashed "
    "#a34700}\n"
    ".bar{display:block;height:.62rem;background:#e3e6e9;min-width:60px;margin-top:.25rem}.bar "
    "i{display:block;height:100%;background:#0072b2}"
    "tr.unknown .bar i{background:#8a8a8a}\n"
    "details{margin:.4rem 0}summary{cursor:pointer;font-weight:600;padding:.3rem 0}details>summary h2,details>summary "
    "h3{display:inline}\n"
    "details.chapter{margin-top:2.4rem;border-top:3px solid var(--ink)}details.chapter>summary{font-size:1.3rem;padding:.6rem "
    "0}\n"
    "details.chapter h2{border:0;font-size:1.3rem}.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;margin:.2rem 0 "
    ".6rem;font-size:.92rem}\n"
    ".facts div{display:flex;gap:.4rem}.facts dt{color:var(--mute)}.facts dd{margin:0;font-weight:600}\n"
    "details.adj summary{font-weight:400;padding:.1rem 0}details.adj ul{margin:.1rem 0;padding-left:1.1rem}\n"
    ".hash{font-family:\"DejaVu Sans Mono\",monospace;font-size:.82em;overflow-wrap:anywhere}\n",
    "@media (max-width:640px){nav ul{columns:1}.figures{grid-template-columns:1fr}caption{max-width:calc(100vw - 3rem)}}\n"
    "@page{size:A4;margin:14mm 13mm}\n"
    "@media "
    "print{html{font-size:10.5pt}body{max-width:none;padding:0}nav{display:none}.scroll{overflow:visible}a{color:inherit;text-"
    "decoration:none}\n"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}h2,h3,caption,summary{break-after:avoid}tr,.tiles "
    "li{break-inside:avoid}\n"
    "thead{display:table-header-group;break-after:avoid}tbody "
    "tr:first-child{break-before:avoid}caption{break-after:avoid}table{font-size:7.6pt}th,td{padding:.12rem .3rem}.v{padding:0 "
    ".25rem;border-width:1px}\n"
    "details.chapter{break-before:page;border:0;margin-top:0}"
    "summary{list-style:none}details:not([open])>summary::after{content:\" (folded: open it before "
    "printing)\";font-weight:400}details.adj:not([open])>summary::after{content:\"\"}.repeat,.back{display:none}.bar{min-width:0}.figures{display:block}.figures "
    "figure{display:grid;grid-template-columns:112mm "
    "1fr;gap:4mm;align-items:start}.tiles{grid-template-columns:repeat(4,1fr);gap:.4rem}.tiles b{font-size:1.6rem}\n"
    ".says{font-size:1em}.tiles li{padding:.3rem .5rem}h2{margin-top:1.4rem}}\n"
    "</style>\n",
    NULL};

void es_html_head(struct es_page *page, const cJSON *tree, const char *what)
{
    es_page_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"generator\" content=\"");
    es_page_text(page, es_view_string(tree, "software"));
    es_page_put(page, "\">\n<title>");
    es_page_put(page, what);
    es_page_put(page, ", site ");
    es_page_text(page, es_view_string(tree, "site"));
    es_page_put(page, "</title>\n");
    for (size_t i = 0; es_html_style[i]; i++) es_page_put(page, es_html_style[i]);
    es_page_put(page, "</head>\n<body>\n");
}
