export const samples = [
  {
    title: 'All stations at once',
    source: `const names = await tools.stations({})
const all = await Promise.all(names.map(async (station) => {
  const { celsius } = await tools.measurements({ station })
  text(station + ' has answered')
  return { label: station, value: Math.max(...celsius) }
}))

const bars = all.sort((a, b) => b.value - a.value)
const chart = await tools.chart({ title: 'Warmest, in °C', bars })
image(chart)
await tools.publish({ title: 'Warmest', text: bars[0].label })
`,
  },
  {
    title: 'Longer than the answer waits',
    source: `for (let part = 1; part <= 20; part++) {
  text('part ' + part + ' of 20')
  await new Promise((resolve) => setTimeout(resolve, 500))
}
text('done')
`,
  },
  {
    title: 'Never done',
    source: `text('It computes, and never looks up. Terminate it.')
while (true) {}
`,
  },
  {
    title: 'A mistake',
    source: `const { celsius } = await tools.measurements({ station: 'Davos' })
const coldest = celsius.toSorted((a, b) => a - b)[0]
text('The coldest month has ' + coldest.toFixd(1) + ' °C.')
`,
  },
  {
    title: 'A tool that fails',
    source: `for (const station of ['Atlantis', 'Kyoto']) {
  try {
    const { height } = await tools.measurements({ station })
    text(station + ' lies at ' + height + ' m.')
  } catch (error) {
    text(error.name + ': ' + error.message)
  }
}
`,
  },
  {
    title: 'Text that wants to be HTML',
    source: `text('<img src="x" onerror="document.title = \\'caught\\'"> <b>not bold</b>')
text('<script>document.title = "caught"</script>')
`,
  },
]
