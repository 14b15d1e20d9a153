"""Which mails are written when and for which readers, and the forecast of them."""
