/* Keys, the call form's parts, drafts, picking, and the charts. No inline code anywhere. */
(function () {
  "use strict";
  const $ = (selector, root) => (root || document).querySelector(selector);
  const $$ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const typing = (node) => node && (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable);

  /* ---- keyboard ---- */
  let at = -1;
  function step(by) {
    const rows = $$("[data-list] tbody tr").filter((row) => $("[data-row]", row));
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, at + by));
    rows.forEach((row, number) => row.classList.toggle("at", number === at));
    const link = $("[data-row]", rows[at]);
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  }
  function press(event) {
    if (event.ctrlKey && event.key === "Enter" && event.target.form) {
      const form = event.target.form;
      form.requestSubmit($("button[type=submit]", form));
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const go = {
      n: () => { const b = $("[data-key=n]"); if (b) b.form.requestSubmit(b); },
      w: () => { const a = $(".bar-links a[href*=worklist]"); if (a) a.click(); },
      "/": () => { const s = $("[data-search]"); if (s) s.focus(); },
      j: () => step(1),
      k: () => step(-1),
      c: () => { const o = $("[data-outcome]"); if (o) o.focus(); },
      m: () => { const n = $("[data-note]"); if (n) n.focus(); },
      "?": () => { const d = $("#keys"); if (d) d.showModal(); },
    }[event.key.toLowerCase()];
    if (go) { go(); event.preventDefault(); }
  }
  document.addEventListener("keydown", press);

  /* ---- the call form ---- */
  function parts(form) {
    const chosen = $("[data-outcome]", form).selectedOptions[0];
    const asks = (chosen && chosen.dataset.asks ? chosen.dataset.asks : "").split(" ");
    const shown = {
      promise: asks.includes("promise"),
      callback: asks.includes("callback"),
      rpc: Boolean(chosen && chosen.dataset.rpc),
      hold: Boolean(chosen && chosen.dataset.hold),
    };
    for (const name in shown) {
      const part = $("[data-part=" + name + "]", form);
      if (part) part.hidden = !shown[name];
    }
    if (shown.hold) $("[data-hold-name]", form).textContent = chosen.dataset.hold;
  }
  /* What was typed stays until it is saved, in this browser's session only: a session that
     ended or a server that broke does not cost the collector his words. */
  const SENT = "call-sent";
  function forget() {
    const sent = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    if (sent && $("[role=status] .alert-success")) sessionStorage.removeItem(sent);
  }
  function drafts(form) {
    const key = form.dataset.draft;
    const kept = sessionStorage.getItem(key);
    const fresh = !$("[data-outcome]", form).value;
    if (kept && fresh) {
      const values = JSON.parse(kept);
      for (const name in values) {
        const field = form.elements[name];
        if (field && name !== "csrfmiddlewaretoken") field.value = values[name];
      }
    }
    form.addEventListener("input", () => {
      const values = {};
      for (const [name, value] of new FormData(form)) if (name !== "csrfmiddlewaretoken") values[name] = value;
      sessionStorage.setItem(key, JSON.stringify(values));
    });
    form.addEventListener("submit", () => sessionStorage.setItem(SENT, key));
  }
  forget();
  $$("[data-call]").forEach((form) => {
    drafts(form);
    parts(form);
    $("[data-outcome]", form).addEventListener("change", () => parts(form));
  });

  /* ---- small things ---- */
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) $("#keys").showModal();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]"))
      $$("input[name=case]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-go]")) event.target.form.requestSubmit();
    countPicked();
  });
  function countPicked() {
    const picked = $("[data-picked]");
    if (picked) picked.textContent = $$("input[name=case]:checked").length;
  }
  countPicked();
  document.body.addEventListener("htmx:afterSwap", () => { at = -1; countPicked(); });
  const alarm = $("[data-focus]");
  if (alarm) alarm.focus();

  /* ---- charts ---- */
  const COLOURS = ["#2f7d4f", "#e0a526", "#e0862b", "#d9622b", "#cc3d2f", "#a61b2b", "#8a1538", "#4a1033"];
  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  /* Large numbers as the reader says them: by ten thousands in Chinese, by thousands in English. */
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format;
  const tip = { renderMode: "richText", confine: true };
  const makers = {
    ribbon(node, lines) {
      const end = node.dataset.day;
      return {
        animation: false, grid: { left: 40, right: 12, top: 24, bottom: 22 }, tooltip: { ...tip, trigger: "axis" },
        legend: { top: 0, right: 0, itemHeight: 8, show: lines.length > 1 },
        xAxis: { type: "time" },
        yAxis: { type: "value", min: 0, max: 7, interval: 1, axisLabel: { formatter: (v) => (v === 7 ? "M7+" : v % 2 ? "" : "M" + v) } },
        series: lines.map((line) => ({
          type: "line", step: "end", name: line.name, symbolSize: 6, areaStyle: { opacity: 0.12 },
          data: line.steps.concat(line.steps.length && end ? [[end, line.steps[line.steps.length - 1][1]]] : []),
        })),
      };
    },
    buckets(node, all) {
      return {
        animation: false, grid: { left: 8, right: 8, top: 30, bottom: 4, containLabel: true }, tooltip: { ...tip, trigger: "axis" },
        legend: { top: 0, itemHeight: 8, itemWidth: 12 },
        xAxis: { type: "category", data: all.buckets.days },
        yAxis: { type: "value", axisLabel: { formatter: short } },
        series: all.buckets.series.map((s) => ({ type: "bar", stack: "all", name: s.name, data: s.data, barMaxWidth: 46, itemStyle: { color: COLOURS[s.bucket] } })),
      };
    },
    bars(node, all) {
      const part = all[node.dataset.key];
      return {
        animation: false, grid: { left: 8, right: 40, top: 4, bottom: 4, containLabel: true }, tooltip: tip,
        xAxis: { type: "value" },
        yAxis: { type: "category", inverse: true, data: part.names, axisLabel: { width: 150, overflow: "truncate" } },
        series: [{ type: "bar", data: part.counts, itemStyle: { color: "#1f5f99" }, label: { show: true, position: "right" } }],
      };
    },
  };
  function draw() {
    if (!window.echarts) return;
    $$("[data-chart]").forEach((node) => {
      const chart = window.echarts.init(node, null, { renderer: "canvas" });
      chart.setOption(makers[node.dataset.chart](node, data(node.dataset.from)));
      window.addEventListener("resize", () => chart.resize());
    });
  }
  draw();
})();
