<?php
echo "printed at load\n";
function lambda(): string { return "quiet"; }
