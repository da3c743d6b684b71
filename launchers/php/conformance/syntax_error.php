<?php
function lambda( { return 1; }
