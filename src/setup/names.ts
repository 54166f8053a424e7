/** The names under which the product is known to Windows (design §8). */
export const SERVICE = 'KanadeTrayAgent';
export const ORIGINAL_SERVICE = 'KanadeAgent';
export const PRODUCT = 'Kanade Tray';
export const PUBLISHER = 'kanade-tray contributors';
export const UNINSTALL_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray';
export const RUN_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run';
export const STARTER = 'Kanade Tray.exe';
export const SERVICE_HOST = 'kanade-tray-agent.exe';
