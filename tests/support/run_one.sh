# SPDX-License-Identifier: Apache-2.0
# run_one.sh KIND SANITIZER SCRIPT: one of the test scripts that run beside each other, for run_folder of
# run_scripts.sh, which looks at what is left in the script's place.
set -u
. "$root/tests/support/run_builds.sh"
. "$root/tests/support/run_scripts.sh"
run_script_once "$@"
