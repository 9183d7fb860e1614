{
  "targets": [
    {
      "target_name": "mimdet",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [],
          "outputs": ["always"],
          "action": ["node", "scripts/node-gyp-build.mjs"]
        }
      ]
    }
  ]
}
