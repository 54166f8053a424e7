/** Whether a host (IPv6 in brackets) is this machine and no other, by its name alone. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
