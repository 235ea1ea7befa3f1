using System.Text;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Laws;

/// <summary>Whole machines under a guest and devices that do anything: no law may break.</summary>
public class LawFuzzTests
{
    private const int Steps = 3000;

    public static TheoryData<Profile, AckPolicy, int> Machines
    {
        get
        {
            var rows = new TheoryData<Profile, AckPolicy, int>();
            foreach (Profile profile in Enum.GetValues<Profile>())
            {
                foreach (AckPolicy ack in Enum.GetValues<AckPolicy>())
                {
                    for (int seed = 0; seed < 8; seed++)
                        rows.Add(profile, ack, seed);
                }
            }
            return rows;
        }
    }

    [Theory, MemberData(nameof(Machines))]
    public void No_law_breaks_whatever_a_guest_and_its_devices_do(Profile profile, AckPolicy ack, int seed)
    {
        new Run(profile, ack, seed).Go();
    }

    private sealed class Run : IEventObserver, IAckPort
    {
        // The policies that acknowledge at the EOI, masked or not, are there to show phantoms behind a mask.
        private static readonly string[] WithoutPhantoms = [.. LawSet.Names.Except(["NoPhantom"])];

        private readonly Random _random;
        private readonly FabricOptions _options;
        private readonly Fabric _fabric;
        private readonly LawSet _laws;
        private readonly List<(Source Source, SourceKind Kind)> _devices = [];
        private readonly HashSet<int> _wanting = [];
        private readonly Queue<Event> _story = new();

        internal Run(Profile profile, AckPolicy ack, int seed)
        {
            _random = new Random(seed);
            FabricOptions pc = FabricOptions.Pc(cpus: 2, profile, ack);
            IoApicOptions first = pc.IoApics[0] with { StormLimit = 3, StormDelay = 1000 };
            _options = pc with
            {
                IoApics = seed % 4 == 3 ? [] : seed % 2 == 0 ? [first] : [first, first with { GsiBase = 24, Address = 0xFEC01000, Pins = 8 }],
                Pic = seed % 8 == 6 ? null : pc.Pic,
            };
            _fabric = new Fabric(_options);
            _laws = new LawSet(_options, _fabric.Gsis, _fabric.Arena, ack == AckPolicy.Done ? null : WithoutPhantoms);
            _fabric.Events.Observing = true;
        }

        internal void Go()
        {
            PowerOn();
            for (int step = 0; step < Steps; step++)
            {
                Act();
                if (_random.Next(3) != 0)
                    Drain();
            }
            Drain();
        }

        public void Observe(in Event e)
        {
            _story.Enqueue(e);
            if (_story.Count > 150)
                _story.Dequeue();
            _laws.Observe(e);
        }

        public void Acknowledged(int source, uint generation)
        {
            int device = _devices.FindIndex(one => one.Source.Slot == source);
            if (device < 0)
                return;
            if (_random.Next(2) == 0)
                _wanting.Remove(device);
            if (_devices[device].Kind == SourceKind.Edge)
                return;
            _devices[device].Source.Set(_wanting.Contains(device));
        }

        private void PowerOn()
        {
            for (int i = 0; i < 10; i++)
                Join();
            Boot();
        }

        /// <summary>What firmware and a guest do first, after power-on and after each reset.</summary>
        private void Boot()
        {
            for (int cpu = 0; cpu < 2; cpu++)
            {
                Write(cpu, 0xFEE000F0, 0x1FF);
                Write(cpu, 0xFEE000E0, 0xFFFFFFFF);
                Write(cpu, 0xFEE000D0, (uint)(1 << cpu) << 24);
            }
            Write(0, 0xFEE00350, 0x700);
            if (_fabric.Pic is not null)
            {
                Initialise(port: 0x20, vectors: 0x20, cascade: 4);
                Initialise(port: 0xA0, vectors: 0x28, cascade: 2);
                _fabric.TryWritePort(0, 0x4D0, 2, 0x0C20);
            }
            Drain();
        }

        private void Initialise(ushort port, byte vectors, byte cascade)
        {
            bool autoEoi = _random.Next(4) == 0;
            _fabric.TryWritePort(0, port, 1, 0x11);
            foreach (byte word in new[] { vectors, cascade, (byte)(autoEoi ? 3 : 1), (byte)0 })
                _fabric.TryWritePort(0, (ushort)(port + 1), 1, word);
        }

        private void Join()
        {
            int[] gsis = [3, 5, 10, 11, 16, 25, 0, 2];
            int gsi = gsis[_random.Next(gsis.Length)];
            if (gsi >= _fabric.Gsis.Count || (gsi == 0 && _options.IoApics.Count > 0 && _options.IoApics[0].Profile == Profile.Qemu))
                gsi = 11;
            var kind = (SourceKind)_random.Next(3);
            _devices.Add((_fabric.Connect(gsi, $"device {_devices.Count}", kind), kind));
        }

        private void Act()
        {
            switch (_random.Next(16))
            {
                case 0 or 1 or 2 or 3:
                    Device(_random.Next(_devices.Count));
                    break;
                case 4 or 5 or 6:
                    Entry();
                    break;
                case 7 or 8 or 9:
                    int taker = _random.Next(2);
                    if (_fabric.HasInterrupt(taker))
                        _fabric.Take(taker);
                    break;
                case 10 or 11 or 12:
                    Write(_random.Next(2), 0xFEE000B0, 0);
                    break;
                case 13:
                    Rare();
                    break;
                case 14:
                    Pic();
                    break;
                default:
                    _fabric.Advance(_fabric.Now + _random.Next(600));
                    break;
            }
        }

        private void Device(int device)
        {
            (Source source, SourceKind kind) = _devices[device];
            switch (_random.Next(12))
            {
                case 0:
                    source.Dispose();
                    _devices.RemoveAt(device);
                    _wanting.Clear();
                    _devices.ForEach(other => other.Source.Lower());
                    Join();
                    break;
                case < 4 when kind == SourceKind.Sampled && _wanting.Contains(device):
                    _wanting.Remove(device);
                    _fabric.NoteWithdrawn(source);
                    break;
                case < 4:
                    _wanting.Remove(device);
                    source.Lower();
                    break;
                default:
                    if (kind == SourceKind.Edge)
                        source.Pulse();
                    // A withdrawn source that was not sampled yet cannot show that its device needs service again.
                    else if (!source.IsAsserted && _wanting.Add(device))
                        source.Raise();
                    break;
            }
        }

        private void Entry()
        {
            if (_options.IoApics.Count == 0)
                return;
            IoApicOptions chip = _options.IoApics[_random.Next(_options.IoApics.Count)];
            int[] pins = [0, 1, 2, 3, 5, 10, 11, 16];
            int pin = pins[_random.Next(pins.Length)] % chip.Pins;
            bool high = _random.Next(4) == 0;
            Write(0, chip.Address, (uint)(0x10 + 2 * pin + (high ? 1 : 0)));
            DeliveryMode mode = _random.Next(20) == 0 ? DeliveryMode.ExtInt : DeliveryMode.Fixed;
            var entry = RedirectionEntry.Create(Vector(), (uint)_random.Next(4), mode, level: _random.Next(4) != 0,
                logical: _random.Next(10) == 0, activeLow: _random.Next(10) == 0, masked: _random.Next(3) == 0);
            Write(0, chip.Address + 0x10, high ? entry.High : entry.Low);
        }

        private void Rare()
        {
            switch (_random.Next(8))
            {
                // With effects in the queue, more often than not.
                case 7:
                    _fabric.Reset();
                    Boot();
                    break;
                case 0:
                    Write(_random.Next(2), 0xFEE000F0, _random.Next(3) == 0 ? 0x0FFu : _random.Next(2) == 0 ? 0x11FFu : 0x1FFu);
                    break;
                case 1 when _options.IoApics.Count > 0:
                    Write(0, _options.IoApics[^1].Address + 0x40, Vector());
                    break;
                case 2:
                    var message = new Wirq.Msi(MsiAddress.For((uint)_random.Next(4)), MsiData.For(Vector()));
                    _fabric.Send(message, (ushort)_random.Next(40));
                    break;
                case 3:
                    _fabric.Send(new Wirq.Msi(0x1000, 5), 8);
                    break;
                case 4:
                    Write(_random.Next(2), 0xFEE00300, 0x40000u | Vector());
                    break;
                case 5:
                    Write(_random.Next(2), 0xFEE00080, (uint)_random.Next(5) << 4);
                    break;
                default:
                    Write(0, 0xFEE00350, _random.Next(2) == 0 ? 0x700u : 0x10700u);
                    break;
            }
        }

        private void Pic()
        {
            if (_fabric.Pic is null)
                return;
            ushort[] ports = [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1];
            byte[] commands = [0x20, 0x60, 0x63, 0x65, 0xA0, 0x0C, 0x68, 0x48];
            ushort port = ports[_random.Next(12) < 10 ? _random.Next(4) : _random.Next(6)];
            if (port is 0x20 or 0xA0)
            {
                byte command = commands[_random.Next(commands.Length)];
                _fabric.TryWritePort(0, port, 1, command);
                if (command == 0x0C)
                    _fabric.TryReadPort(0, port, 1, out _);
            }
            else
                _fabric.TryWritePort(0, port, 1, (byte)(_random.Next(256) & _random.Next(256)));
        }

        // Few vectors, so that pins and CPUs share them.
        private byte Vector() => (byte)_random.Next(0x31, 0x34);

        private void Write(int cpu, ulong address, uint value) => _fabric.TryWrite(cpu, address, 4, value);

        private void Drain()
        {
            _fabric.Drain(this);
            foreach (Law law in _laws.Laws)
            {
                if (law.Break is not null)
                    Assert.Fail($"{law.Name}: {law.Describe()}\n{Story()}");
            }
        }

        private string Story()
        {
            var text = new StringBuilder();
            foreach (Event e in _story)
                text.Append(e.Time).Append(": ").AppendLine(e.ToString());
            return text.ToString();
        }
    }
}
