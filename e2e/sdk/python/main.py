"""Python's half of e2e/sdk/run.sh."""

import sys

import checks
import use_qr
import use_social_core
import use_wechatpy
import use_wechatpy_messages

use_wechatpy.run()
use_wechatpy_messages.run()
use_social_core.run()
use_qr.run()
use_wechatpy.run_late()
sys.exit(checks.failed())
