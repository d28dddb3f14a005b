/** The cockpit: puts the parts together. */

import { Bus } from "./bus.js";
import { Connection } from "./connection.js";
import { startControl } from "./control/control.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { startGestures } from "./gestures.js";
import { startKeys } from "./keys.js";
import { startAges } from "./panels/ages.js";
import { startBanner } from "./panels/banner.js";
import { startCalibrator } from "./panels/calibrator.js";
import { startEmg } from "./panels/emg.js";
import { startJoints } from "./panels/joints.js";
import { startLatency } from "./panels/latency.js";
import { startLog } from "./panels/log.js";
import { startMuscles } from "./panels/muscles.js";
import { startParameters } from "./panels/parameters.js";
import { startStreams } from "./panels/streams.js";
import { startSessions } from "./sessions/page.js";
import { onTheme, startTheme } from "./theme.js";
import { startTimebar } from "./timebar.js";
import { takeFromAddress } from "./token.js";

takeFromAddress();
startTheme();
const bus = new Bus();
const desk = new Desk(bus);
const connection = new Connection(bus);
for (const start of [startBanner, startAges, startJoints, startEmg, startCalibrator, startStreams, startLatency, startParameters, startMuscles, startLog]) start(desk);
startControl(desk, connection);
startTimebar(desk, connection);
startGestures(byId("live"), desk.view);
startKeys(desk);
startSessions();
onTheme(() => desk.refresh());
connection.look(desk.view.request);
connection.open();
