/**
 * HTML helpers of the report's page.
 *
 * @module
 */

/** Escapes text for HTML. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Style sheet of the page. */
export const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:84rem;margin:0 auto;padding:1rem;background:Canvas;color:CanvasText}
h1,h2,h3{line-height:1.2;font-weight:600}h2{margin-top:2.5rem}.finding{font-size:1.25rem;max-width:50rem}
.origin,.term{max-width:50rem;opacity:.8;font-size:.9rem}.origin code{overflow-wrap:anywhere}svg{display:block;max-width:100%;height:auto}
.wide{overflow-x:auto}.wide svg{min-width:32rem;width:100%;max-width:56rem}.grid .wide svg{min-width:20rem}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
th:first-child,td:first-child{text-align:left}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1rem}
.class{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;margin:1rem 0}.class h3{grid-column:1/-1;margin:0}
.mistakes figure{width:8.5rem}.images{display:flex;flex-wrap:wrap;gap:.4rem}figure{margin:0;width:4.2rem;font-size:.72rem;overflow-wrap:anywhere}
img{width:100%;image-rendering:pixelated;display:block;border-radius:3px}
.wrong figcaption::before{content:"✗ "}.wrong figcaption{color:light-dark(#b3261e,#ff8a80)}
small{opacity:.75}`;
