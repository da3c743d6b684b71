<?php
require "no_such_module.php";
