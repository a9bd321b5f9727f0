/** The dashboard's pages: each part starts where its markup is. */

import { startCopy } from "../shared/copy.js";
import { startDialogs } from "../shared/dialogs.js";
import { startForms } from "../shared/forms.js";
import { startThemeSwitch } from "../shared/theme.js";
import { startTimes } from "../shared/times.js";
import { startArrivals } from "./arrivals.js";
import { startAppLook } from "./app-look.js";
import { startAuditions } from "./audition.js";
import { startLoading } from "./loading.js";
import { startLive } from "./live.js";
import { startPlots } from "./plots.js";
import { startRowMenus } from "./row-menu.js";
import { startSegments } from "./segments.js";
import { startSnippets } from "./snippets.js";
import { startTabs } from "./tabs.js";
import { startTrackStates } from "./track-states.js";
import { startUploads } from "./upload.js";

const parts = [startThemeSwitch, startCopy, startDialogs, startForms, startTimes, startUploads, startTrackStates, startAuditions, startAppLook, startTabs, startSnippets, startArrivals, startPlots, startRowMenus, startLoading, startSegments, startLive];
for (const start of parts) start(document);
