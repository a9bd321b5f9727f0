/** The pages for visitors: each part starts where its markup is. */

import { startCopy } from "../shared/copy.js";
import { startDialogs } from "../shared/dialogs.js";
import { startForms } from "../shared/forms.js";
import { startThemeSwitch } from "../shared/theme.js";
import { startTimes } from "../shared/times.js";
import { startBrowse } from "./browse.js";
import { startDock } from "./dock.js";
import { startInstall } from "./install.js";
import { startOrder } from "./order.js";

const parts = [
  startThemeSwitch,
  startCopy,
  startDialogs,
  startForms,
  startTimes,
  startBrowse,
  startDock,
  startInstall,
  startOrder,
];
for (const start of parts) start(document);
