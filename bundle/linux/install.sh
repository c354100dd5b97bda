#!/bin/sh
# Put RamanStudio into your menu and let it open its files by a double click. Writes into your own folders only.
#
#     ./install.sh             this folder may lie anywhere; run it again after moving it
#     ./install.sh --remove    takes away what it put there
set -eu
here=$(cd "$(dirname "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/ramanstudio.desktop
kinds=$share/mime/packages/ramanstudio.xml

tell() {  # the desktop's own lists, where there are such
    if command -v update-mime-database >/dev/null; then update-mime-database "$share/mime"; fi
    if command -v update-desktop-database >/dev/null; then update-desktop-database "$share/applications"; fi
    if command -v gtk-update-icon-cache >/dev/null; then
        gtk-update-icon-cache -q -t "$share/icons/hicolor" 2>/dev/null || true
    fi
}

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$kinds" "$share"/icons/hicolor/*/apps/ramanstudio.png "$share"/icons/hicolor/*/apps/ramanstudio.svg
    tell
    echo "RamanStudio is no longer in your menu. Your settings, models and libraries were left alone."
    exit 0
fi

mkdir -p "$share/applications" "$share/mime/packages"
escaped=$(printf '%s' "$here" | sed 's/[\\&|]/\\&/g')
sed "s|@FOLDER@|$escaped|g" "$here/desktop/ramanstudio.desktop" > "$entry"
cp "$here/desktop/ramanstudio-mime.xml" "$kinds"
for picture in "$here"/desktop/ramanstudio-*.png; do
    size=$(basename "$picture" .png)
    size=${size#ramanstudio-}
    mkdir -p "$share/icons/hicolor/${size}x${size}/apps"
    cp "$picture" "$share/icons/hicolor/${size}x${size}/apps/ramanstudio.png"
done
tell
echo "RamanStudio is in your menu, and opens its files by a double click."
