/* Itinera: tells which pages are seen and which links are followed. It sets and sends nothing that is refused. */
(function (site) {
  "use strict";
  var page = document, names = site.names, waiting = Promise.resolve(), personal = "", sent = new WeakSet();
  var given = (page.currentScript || { dataset: {} }).dataset.session;

  function read(name) {
    var found = page.cookie.split("; ").find(function (each) { return each.indexOf(name + "=") === 0; });
    return found ? found.slice(name.length + 1) : "";
  }
  function keep(name, value, seconds) {
    page.cookie = name + "=" + value + "; Path=/; Max-Age=" + seconds + "; SameSite=Lax" +
      (location.protocol === "https:" ? "; Secure" : "");
  }
  function random() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (each) { return ("0" + each.toString(16)).slice(-2); }).join("");
  }
  function refused() {
    return site.anonymize || navigator.globalPrivacyControl === true || navigator.doNotTrack === "1" ||
      read(names.choice) === "no";
  }
  function allowed() {
    return !refused() && (!site.ask || read(names.choice) === "yes");
  }
  /* No more of an address leaves the browser than its page and the parameters that are kept. */
  function cut(text) {
    var given, kept;
    try { given = new URL(text, location.href); } catch (error) { return ""; }
    if (!/^https?:$/.test(given.protocol)) { return ""; }
    kept = new URLSearchParams();
    site.parameters.forEach(function (each) {
      if (given.searchParams.has(each)) { kept.set(each, given.searchParams.get(each)); }
    });
    return given.origin + given.pathname + (kept.toString() ? "?" + kept : "");
  }
  function session() {
    var found = read(names.session) || given || random();
    keep(names.session, found, site.session);
    return found;
  }
  function known(answer) {
    if (answer && answer.visitor && !site.own) { keep(names.visitor, answer.visitor, site.kept); }
  }
  function post(to, fields) {
    return fetch(to, {
      method: "POST", body: new URLSearchParams(fields), keepalive: true,
      credentials: site.own ? "same-origin" : "omit"
    }).then(function (answer) { return answer.ok && answer.status !== 204 ? answer.json() : null; })
      .then(known, function () { });
  }
  function told(kind, link) {
    var fields = {
      kind: kind, event: random(), url: cut(location.href), link: link || "", referrer: cut(page.referrer),
      session: session(), personal: personal, allowed: read(names.choice) === "yes" ? "yes" : ""
    };
    function now() { return post(site.to, Object.assign(fields, { visitor: site.own ? "" : read(names.visitor) })); }
    /* Who is not known yet waits for the first answer, so that one browser is one visitor. */
    if (site.own || read(names.visitor)) { now(); } else { waiting = waiting.then(now); }
  }
  function begin() {
    if (!allowed()) { return; }
    if (!site.own) { told("visit"); } else if (personal) { told("identify"); } else { session(); }
  }
  function followed(event) {
    var link = event.target.closest && event.target.closest("a[href]"), address = link ? cut(link.href) : "";
    if (address && allowed()) { told("click", address); }
  }
  /* The answer is waited for, though not long: it says whether somebody else is at this browser from now on. */
  function submitted(event) {
    var form = event.target, name = form.dataset.itineraForm, fields, late;
    if (!name || sent.delete(form)) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    fields = new URLSearchParams(new FormData(form));
    fields.set("_page_url", cut(location.href));
    if (allowed()) { fields.set("_visitor", read(names.visitor)); }
    late = new Promise(function (done) { setTimeout(done, 2000); });
    Promise.race([late, post(site.forms + encodeURIComponent(name) + "/submissions", fields)]).then(function () {
      sent.add(form);
      form.requestSubmit(event.submitter);
    });
  }
  function chosen(answer) {
    keep(names.choice, answer, site.kept);
    if (answer === "no") { keep(names.visitor, "", 0); keep(names.session, "", 0); }
    if (page.getElementById("itinera-banner")) { page.getElementById("itinera-banner").remove(); }
    begin();
  }
  function add(parent, kind, text) {
    var made = page.createElement(kind);
    made.textContent = text;
    parent.append(made, " ");
    return made;
  }
  function button(parent, text, answer) {
    var made = add(parent, "button", text);
    made.type = "button";
    made.style.cssText = "min-height:2.75rem;padding:.5rem .75rem;margin-inline-end:.5rem;font:inherit";
    made.addEventListener("click", function () { chosen(answer); });
  }
  function ask() {
    var said = site.banner, banner, link;
    if (!said || site.own || refused() || read(names.choice)) { return; }
    banner = page.createElement("section");
    banner.id = "itinera-banner";
    banner.setAttribute("aria-label", said.link_text || said.text.slice(0, 60));
    banner.style.cssText = "position:fixed;inset:auto 0 0 0;padding:1rem;z-index:2147483647;" +
      "background:Canvas;color:CanvasText;border-block-start:1px solid;max-height:60vh;overflow:auto";
    add(banner, "p", said.text);
    if (said.link_url && said.link_text) { link = add(banner, "a", said.link_text); link.href = said.link_url; }
    button(add(banner, "p", ""), said.allow, "yes");
    button(banner.lastElementChild, said.refuse, "no");
    page.body.prepend(banner);
  }
  function start() {
    var here = new URL(location.href);
    personal = here.searchParams.get(names.personal) || "";
    if (personal) {
      here.searchParams.delete(names.personal); /* whoever copies the address does not pass on who came */
      history.replaceState(history.state, "", here);
    }
    page.addEventListener("click", followed, true);
    page.addEventListener("auxclick", followed, true);
    page.addEventListener("submit", submitted, true);
    ask();
    begin();
  }
  window.itinera = {
    allow: function () { chosen("yes"); },
    refuse: function () { chosen("no"); }
  };
  if (page.readyState === "loading") { page.addEventListener("DOMContentLoaded", start); } else { start(); }
})
