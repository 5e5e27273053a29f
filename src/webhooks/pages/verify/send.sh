# Sends an event to your own receiver, signed as PlaneConnection signs it.
SECRET=${SECRET:-whsec_...}
RECEIVER=${RECEIVER:-http://localhost:8000/hooks}
EVENT=evt_00000000000000000000000001
BODY='{"id":"evt_00000000000000000000000001","type":"webhook.test","data":{}}'
TIME=$(date +%s)
KEY=$(case $SECRET in
  whsec_*) printf %s "${SECRET#whsec_}" | base64 -d ;;
  *) printf %s "$SECRET" ;;
esac | od -An -v -tx1 | tr -d ' \n')
SIGNATURE=$(printf '%s.%s.%s' "$EVENT" "$TIME" "$BODY" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)
curl -i "$RECEIVER" -H 'Content-Type: application/json' -H "webhook-id: $EVENT" \
  -H "webhook-timestamp: $TIME" -H "webhook-signature: v1,$SIGNATURE" --data-binary "$BODY"
