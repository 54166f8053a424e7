/** The names under which the product is known to Windows (architecture §8). */
export const SERVICE = 'KanadeTrayAgent';
/** Of one run: a set-up that was handed over. */
export const SETUP_SERVICE = 'KanadeTraySetup';
/** All programs of the original agent's service have this name. */
export const ORIGINAL_PROGRAM = 'kanade-agent.exe';
export const ORIGINAL_SERVICE = 'KanadeAgent';
export const PRODUCT = 'Kanade Tray';
export const PUBLISHER = 'kanade-tray contributors';
export const UNINSTALL_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray';
export const RUN_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run';
export const STARTER = 'Kanade Tray.exe';
export const SERVICE_HOST = 'kanade-tray-agent.exe';
export const HAND_OVER_HOST = 'hand-over.exe';
export const UNINSTALLER = 'uninstaller.exe';
