<?php
function lambda(): string { return "usual"; }
