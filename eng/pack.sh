#!/usr/bin/env bash
# Builds every package of Wirq into a folder: the libraries, the command for any platform, and the command native for the
# platforms that this machine can link for. The same sources give the same packages.
#
#   bash eng/pack.sh FOLDER [option of dotnet pack…]
#
# The intermediate files lie in artifacts/, apart from those of other builds. WIRQ_RIDS names the native platforms, apart by
# spaces; empty for none. WIRQ_ARTIFACTS names another folder than artifacts/.
set -euo pipefail
folder=$(realpath -m "${1:?usage: bash eng/pack.sh FOLDER [option of dotnet pack…]}")
shift
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Native code is linked by clang or gcc; for the other platform, by a gcc that is made for it.
linkers() {
    local own other
    case $(uname -m) in
        x86_64) own=linux-x64 other=linux-arm64 cross=aarch64-linux-gnu ;;
        aarch64) own=linux-arm64 other=linux-x64 cross=x86_64-linux-gnu ;;
        *) return ;;
    esac
    if command -v clang >/dev/null || command -v gcc >/dev/null; then echo "$own"; fi
    if command -v "$cross-gcc" >/dev/null && command -v "$cross-objcopy" >/dev/null; then echo "$other"; fi
}
artifacts=${WIRQ_ARTIFACTS:-artifacts}
rids=${WIRQ_RIDS-$(linkers)}

pack() {
    local project=$1
    shift
    dotnet pack "$project" -v q --artifacts-path "$artifacts" -o "$folder" -p:ContinuousIntegrationBuild=true "$@"
}
# The time that files in the packages bear: that of the commit.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 315532800)}
all="any"
for rid in $rids; do all="$rid+$all"; done
# The tool that is installed is a page that names the platforms; it must not name one that is not there.
pack eng/Packages.slnf "-p:WirqPlatforms=$all" "$@"
for rid in any $rids; do
    extra=()
    if [ "$rid" = linux-arm64 ] && [ "$(uname -m)" = x86_64 ]; then
        extra=(-p:CppCompilerAndLinker=aarch64-linux-gnu-gcc -p:ObjCopyName=aarch64-linux-gnu-objcopy)
    fi
    pack src/Wirq.Cli -r "$rid" --no-restore "-p:WirqPlatforms=$all" "${extra[@]}" "$@"
done
