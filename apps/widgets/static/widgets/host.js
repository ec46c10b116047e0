document.getElementById("embed").submit();
