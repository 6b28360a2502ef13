// What the tests do in a page that shows one lesson in JupyterLab (--expose-app-in-browser).
window.lesson = {
  PATIENCE: 120_000, // milliseconds
  LOOK_EVERY: 100,
  SCROLL_AGAIN: 500,
  LOOK_AFTER: 400, // a cell that ran for so long is scrolled to and looked at

  async open() {
    const panel = window.jupyterapp.shell.currentWidget;
    await this.soon(panel.context.ready, "the notebook is not there");
    await this.soon(panel.sessionContext.ready, "the kernel does not start");
    Object.assign(this, { panel, notebook: panel.content });
  },

  shutDown() {
    return this.soon(this.panel.sessionContext.shutdown(), "the kernel does not end");
  },

  soon(promise, otherwise) {
    const late = new Promise((_, reject) =>
      setTimeout(() => reject(new Error(otherwise)), this.PATIENCE));
    return Promise.race([promise, late]);
  },

  // "Run all", watched: for each cell that runs, when it began, when its output area showed
  // something to a reader who looks at it, the longest time without a change, and when it ended.
  // The end of all is told by `this.finished`, not by this promise.
  runAll() {
    this.runs = [];
    this.finished = null;
    const kernel = this.panel.sessionContext.session.kernel;
    let next = 0;
    kernel.iopubMessage.connect((_, message) => {
      const request = message.parent_header.msg_id;
      if (message.header.msg_type === "execute_input") {
        const source = message.content.code;
        while (this.notebook.widgets[next].model.sharedModel.source !== source) next += 1;
        const cell = this.notebook.widgets[next];
        const now = performance.now();
        this.runs.push({
          request, index: next, id: cell.model.id, begin: now,
          shown: null, changed: now, silence: 0, look: "", end: null,
        });
        next += 1;
      }
      if (message.header.msg_type === "status" && message.content.execution_state === "idle") {
        const run = this.runs.findLast((one) => one.request === request);
        if (run) {
          run.end = performance.now();
          run.silence = Math.max(run.silence, run.end - run.changed);
        }
      }
    });
    const timer = setInterval(() => this.lookAtRunningCell(), this.LOOK_EVERY);
    window.jupyterapp.commands
      .execute("notebook:run-all-cells")
      .then((good) => (this.finished = { good }), (error) => (this.finished = { error: `${error}` }))
      .finally(() => clearInterval(timer));
  },

  lookAtRunningCell() {
    const run = this.runs.at(-1);
    const now = performance.now();
    if (!run || run.end !== null || now - run.begin < this.LOOK_AFTER) return;
    // Cells out of sight are not drawn, and what is drawn above pushes others out of sight.
    const { node } = this.notebook.widgets[run.index];
    const box = node.getBoundingClientRect();
    const inSight = node.isConnected && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    if (!run.scrolled || (!inSight && now - run.scrolled > this.SCROLL_AGAIN)) {
      run.scrolled = now;
      this.notebook.scrollToItem(run.index, "end");
    }
    const look = this.look(this.notebook.widgets[run.index].outputArea.node);
    if (look !== run.look) {
      if (look && run.shown === null) run.shown = now;
      run.silence = Math.max(run.silence, now - run.changed);
      run.changed = now;
      run.look = look;
    }
  },

  // What a reader sees in an output area, as text; "" for nothing.
  look(node) {
    if (!node.isConnected || node.offsetHeight === 0) return "";
    const seen = [...node.querySelectorAll("img, canvas, svg, .progress-bar, .widget-slider")]
      .filter((one) => one.getClientRects().length > 0)
      .map((one) => (one.src ? `${one.src.length}${one.src.slice(-200)}` : one.style.width || one.tagName));
    return [node.innerText.trim(), ...seen].join("|").replace(/^\|$/, "");
  },

  // What the notebook holds after the run.
  outcome() {
    const cells = this.notebook.model.toJSON().cells.filter((cell) => cell.cell_type === "code");
    const outputs = (accept) => cells.flatMap((cell) =>
      cell.outputs.filter(accept).map((output) => ({
        id: cell.id,
        text: [output.ename, output.evalue, [output.text].flat().join("")].filter(Boolean).join(": "),
      })));
    return {
      errors: outputs((output) => output.output_type === "error"),
      stderr: outputs((output) => output.name === "stderr"),
      notRun: cells.filter((cell) => !cell.execution_count).map((cell) => cell.id),
      runs: this.runs.map(({ id, begin, shown, silence, end }) => ({
        id,
        seconds: (end - begin) / 1000,
        shownAfter: shown === null ? null : (shown - begin) / 1000,
        silence: silence / 1000,
      })),
    };
  },

  // Scroll to a cell and wait until it is drawn.
  async show(index) {
    await this.notebook.scrollToItem(index, "center");
    const cell = this.notebook.widgets[index];
    for (let turn = 0; turn < 50 && !(cell.node.isConnected && cell.node.offsetHeight); turn += 1)
      await this.pause(50);
    await this.pause(50);
    return cell;
  },

  pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  },

  // For each cell of `ids`, and for the first code cell that is none of them: can its source be read
  // in the page?
  async sources(ids) {
    const found = [];
    for (const [index, { model }] of this.notebook.widgets.entries()) {
      if (model.type !== "code") continue;
      const folded = ids.includes(model.id);
      if (!folded && found.some((one) => !one.folded)) continue;
      const cell = await this.show(index);
      const editor = cell.node.querySelector(".jp-InputArea-editor");
      const placeholder = cell.node.querySelector(".jp-Cell-inputWrapper .jp-Placeholder");
      found.push({
        id: model.id,
        folded,
        readable: Boolean(editor?.getClientRects().length),
        placeholder: Boolean(placeholder?.getClientRects().length),
      });
    }
    return found;
  },

  // The progress bars in the page: label and how full they are, and whether they are red.
  async bars() {
    const found = [];
    for (const [index, { model }] of this.notebook.widgets.entries()) {
      if (model.type !== "code") continue;
      const outputs = model.outputs.toJSON();
      if (!outputs.some((one) => one.data?.["application/vnd.jupyter.widget-view+json"])) continue;
      const cell = await this.show(index);
      for (const bar of cell.node.querySelectorAll(".progress-bar"))
        found.push({
          id: model.id,
          text: bar.closest(".jupyter-widgets.widget-hbox, .jupyter-widgets.widget-container")
            ?.innerText.replace(/\s+/g, " ") ?? "",
          width: bar.style.width,
          red: bar.classList.contains("progress-bar-danger"),
        });
    }
    return found;
  },

  // Where a picture under sliders is on the page, and what it shows.
  picture(index) {
    const cell = this.notebook.widgets[index];
    const [image] = cell.node.querySelectorAll(".jp-OutputArea img");
    const outer = this.notebook.node.querySelector(".jp-WindowedPanel-outer");
    return {
      source: image.src,
      height: cell.node.offsetHeight,
      top: cell.node.getBoundingClientRect().top,
      scrolled: outer.scrollTop,
    };
  },

  // Cells whose output holds a slider.
  async slidersIn() {
    const found = [];
    for (const [index, { model }] of this.notebook.widgets.entries()) {
      if (model.type !== "code" || !/Slider\(/.test(model.sharedModel.source)) continue;
      const cell = await this.show(index);
      if (cell.node.querySelector(".widget-slider")) found.push({ index, id: model.id });
    }
    return found;
  },
};
