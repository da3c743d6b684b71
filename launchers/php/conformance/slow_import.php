<?php
usleep(1_500_000);
function lambda(): string { return "slow"; }
