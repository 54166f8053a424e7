#!/bin/sh
# bin/kanade-tray-agent of an installation that updates itself: starts the version that counts (private/current.json), with the
# arguments given. What the service manager starts; it never changes with a version.
#
# A version on trial names the one before it. Its starts are counted here, since a version that does not start can't count them: the
# fourth one is of the version before. An agent that was on the air, or ended in order, takes the count away.
#
# current.json is one line that the agent writes (src/base/current-version.ts).

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
current=$root/private/current.json
starts=$root/private/starts
max_starts=3

said() { sed -n "s/.*\"$1\":\"\{0,1\}\([0-9A-Za-z.-]*\)[\",}].*/\1/p" "$current"; }

version=$(said version)
before=$(said before)

# Not a start of the agent: what only asks for something.
case " $* " in
  *" --check-"* | *" --hash-code "* | *" --self-test "* | *" --version "* | *" --help "*) before= ;;
esac

if [ -n "$before" ]; then
  count=$(wc -c < "$starts" 2> /dev/null || echo 0)
  if [ "$count" -ge "$max_starts" ]; then
    new=$current.0000000000000000.new
    if printf '{"version":"%s","failed":"%s","serial":%s,"manifest":"%s"}\n' "$before" "$version" "$(said serial)" "$(said manifest)" > "$new" &&
      { sync "$new" 2> /dev/null || sync; } && mv -f -- "$new" "$current"; then
      echo "version $version did not start $count times; $before is back" >&2
      version=$before
    fi
  else
    printf . >> "$starts"
  fi
fi

case $version in
  '' | .* | *..*)
    echo "no version counts in $current" >&2
    exit 1
    ;;
esac
exec "$root/versions/$version/node/node" "$root/versions/$version/agent/main.js" "$@"
