#!/usr/bin/env bash
# Writes the API reference, made from the comments of the code, to artifacts/api. A comment that names what does not exist
# is an error. docfx is a tool of this checkout (.config/dotnet-tools.json).
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet tool restore
dotnet build -c Release src/Wirq.Board -v q -clp:ErrorsOnly
rm -rf eng/api/obj artifacts/api
dotnet docfx eng/api/docfx.json --warningsAsErrors
