import io, json
from pathlib import Path
import h5py, hdf5plugin, numpy as np, pytest
from rsciio import hspy
from repository.exports import nxem, hyperspy
from tests.exported_arrays import *
R=np.random.default_rng(1)
def cases(st):
    a=axis
    yield "complex64 2d",(R.normal(size=(5,6))+1j).astype("complex64"),[a("y",5,"nm",.1),a("x",6,"nm",.1)],2
    yield "complex128 4d",(R.normal(size=(2,3,4,5))+1j),[a("scan_y",2,"nm",.1),a("scan_x",3,"nm",.1),a("detector_y",4,"mrad",.1),a("detector_x",5,"mrad",.1)],2
    yield "rgb",R.integers(0,255,(5,6,3)).astype("uint8"),[a("y",5,"nm",.1),a("x",6,"nm",.1),a("color",3)],3
    yield "bool",R.integers(0,2,(5,6)).astype(bool),[a("y",5),a("x",6)],2
    yield "1d eels",R.poisson(5,(100,)).astype("uint32"),[a("energy",100,"eV",.5,-10)],1
    yield "1d noax",R.poisson(5,(100,)).astype("int64"),[a("index",100)],1
    yield "len1",np.ones((1,),"float64"),[a("energy",1,"eV",.5)],1
    yield "len1 4d",np.ones((1,1,1,1),"float32"),[a("scan_y",1,"nm",.1),a("scan_x",1,"nm",.1),a("detector_y",1,"mrad",.1),a("detector_x",1,"mrad",.1)],2
    yield "zero",np.ones((0,),"float32"),[a("energy",0,"eV",.5)],1
    yield "zero 2d",np.ones((0,5),"float32"),[a("y",0,"nm",.5),a("x",5,"nm",.5)],2
    yield "nan",np.array([[np.nan,np.inf],[-np.inf,0]],"float32"),[a("y",2,"nm",.5),a("x",2,"nm",.5)],2
    yield "float16",np.ones((3,4),"float16"),[a("y",3,"nm",.5),a("x",4,"nm",.5)],2
    yield "odd units",np.ones((3,4),"uint64")*(2**64-1),[a("y",3,"Ao-1",.5),a("x",4,"[arb'U]",.5)],2
    yield "neg scale",np.arange(12).reshape(3,4).astype("int8"),[a("y",3,"nm",-.5,3),a("x",4,"mrad",-.5,1e300)],2
    yield "five",np.ones((2,2,2,2,2),"uint16"),[a("time",2,"s",1.),a("scan_y",2,"nm",1.),a("scan_x",2,"nm",1.),a("detector_y",2,"mrad",1.),a("detector_x",2,"mrad",1.)],2
    yield "six",np.ones((2,2,2,2,2,2),"uint16"),[a("time",2,"s",1.),a("tilt",2,"deg",1.),a("scan_y",2,"nm",1.),a("scan_x",2,"nm",1.),a("detector_y",2,"mrad",1.),a("detector_x",2,"mrad",1.)],2
    yield "position",np.ones((7,4,4),"uint16"),[a("position",7),a("detector_y",4,"mrad",1.),a("detector_x",4,"mrad",1.)],2
    yield "samenames",np.ones((3,3),"uint16"),[a("x",3,"nm",1.),a("x",3,"nm",1.)],2
    yield "slash/name",np.ones((3,3),"uint16"),[a("a/b",3,"nm",1.),a("..",3,"nm",1.)],2
    yield "energy only unit",np.ones((3,10),"uint16"),[a("y",3,"nm",1.),a("energy",10,"eV")],1
    yield "energy first",np.ones((10,3),"uint16"),[a("energy",10,"eV",1.),a("y",3,"nm",1.)],1
    yield "series",np.ones((4,3,3),"uint16"),[a("frame",4),a("y",3,"nm",1.),a("x",3,"nm",1.)],2
    yield "series eels",np.ones((4,3,10),"uint16"),[a("time",4,"s",2.),a("scan_x",3,"nm",1.),a("energy",10,"eV",1.)],1
    yield "scan energy 5",np.ones((2,2,2,2,10),"uint16"),[a("time",2,"s",2.),a("tilt",2,"deg",1.),a("scan_y",2,"nm",1.),a("scan_x",2,"nm",1.),a("energy",10,"eV",1.)],1
    yield "keV",np.ones((2,10),"uint16"),[a("scan_x",2,"um",2.),a("energy",10,"keV",.01)],1
    yield "cl",np.ones((2,10),"uint16"),[a("scan_x",2,"um",2.),a("wavelength",10,"nm",.01)],1
def test_all(tmp_path):
    for name,v,ax,n in cases(None):
        st=Store(tmp_path/name.replace("/","_").replace(" ","_"))
        try: sig=make_signal(st,"data",v,ax,n)
        except Exception as e: print("STORE",name,repr(e)[:150]); continue
        m=make_measurement(sig)
        for mod,w in (("nx",nxem.write_nxem),("hs",hyperspy.write_hyperspy)):
            try: b=b"".join(w(m,st.read))
            except Exception as e: print("!!!! WRITE",mod,name,repr(e)[:300]); continue
            p=tmp_path/f"o.{'nxs' if mod=='nx' else 'hspy'}"; p.write_bytes(b)
            try:
                with h5py.File(p) as f:
                    ds=[]; f.visititems(lambda k,o: ds.append((k,o)) if isinstance(o,h5py.Dataset) and o.shape==v.shape and o.dtype==v.dtype else None)
                    ok=any(np.array_equal(o[...],v,equal_nan=v.dtype.kind in "fc") for k,o in ds); info=[k for k,o in ds][:2]
                    if mod=="nx":
                        k=info[0]; g=f[k].parent; axs=[(x,g[x].attrs.get("units"),g[x].shape) for x in g.attrs["axes"]]; info=(k,axs, list(f["entry/stemma/not_known"][:]) if "not_known" in f["entry/stemma"] else "claims")
                if not ok: print("!!!! VALUES",mod,name)
                if mod=="hs":
                    r=hspy.file_reader(str(p)); d=r[0]; ok=np.array_equal(np.asarray(d["data"]),v,equal_nan=v.dtype.kind in "fc"); info=[(x["name"],x.get("units"),x.get("scale"),x.get("offset"),x["navigate"]) for x in d["axes"]]
                    info=(info,d["metadata"]["Signal"])
                    if not ok: print("!!!! RSCIIO",name)
                print(mod,name,info)
            except Exception as e: print("!!!! READ",mod,name,repr(e)[:300])
def test_docs(tmp_path):
    st=Store(tmp_path/"s"); sig=make_scan(st)
    for ch in ({"title":"."},{"title":"/"},{"title":"a/b\x00c"},{"title":"x"*100000},{"title":""},{"title":"\u202e😀"},{"title":{"missing":"withheld"}},{"acquired_at":"2025"},{"acquired_at":"2025-03"},{"acquired_at":{"value":"2025-03-01T14:20"}},{"acquired_at":{"missing":"withheld"}},{"acquired_at":{"value":None}},{"notes":"n"*300000},{"sample":{"name":{"missing":"withheld"},"elements":{"missing":"not_recorded"},"preparation_date":{"missing":"not_recorded"}}},{"sample":None},{"instrument":None},{"instrument":{"missing":"withheld"}},{"origin":"simulated"},{"acceleration_voltage":{"value":[80,200],"unit":"kV"}},{"acceleration_voltage":{"missing":"not_recorded"}},{"probe_current":{"value":1e-300,"unit":"pA"}},{"probe_current":{"value":5,"unit":"A"}},{"series_times":{"value":list(range(200000)),"unit":"s"}},{"links":[{"role":"x","target":"y"}]*5000},{"camera":{f"k{i}":"v" for i in range(5000)}},{"detector_to_scan_matrix":[[1,0],[0,1]]},{"big":2**70},{"neg":-2**70},{"nest":{"a":{"b":{"c":[1,"x",None,{"d":1}]}}}},{"keys":{"a/b":1,"a_b":2,"":3,".":4,"..":5,"a\x00":6}},{"sample":{"name":"S","elements":"Mo"}},{"stage_position_x":{"value":1,"unit":"mm"},"stage_position_y":{"value":1,"unit":"mm"},"stage_position_z":{"value":1,"unit":"mm"},"stage_tilt_y":{"value":1,"unit":"deg"},"stage_rotation":{"value":1,"unit":"rad"}}):
        m=make_measurement(sig,**ch)
        for mod,w in (("nx",nxem.write_nxem),("hs",hyperspy.write_hyperspy)):
            try:
                b=b"".join(w(m,st.read)); p=tmp_path/("o.hspy" if mod=="hs" else "o.nxs"); p.write_bytes(b)
                with h5py.File(p) as f:
                    n=[]; f.visititems(lambda k,o:(n.append(k),dict(o.attrs),None)[2])
                    if mod=="nx": jj=f["entry/stemma/metadata"][()].decode(); assert json.loads(jj)==dict(m.metadata), "metadata differ"
                    if mod=="nx": x=("definition" in f["entry"], f["entry/start_time"][()] if "start_time" in f["entry"] else None)
                if mod=="hs": r=hspy.file_reader(str(p)); x=(r[0]["metadata"]["General"].get("title","")[:20],r[0]["metadata"]["General"].get("date"),r[0]["metadata"]["General"].get("time")); 
                print(mod,str(ch)[:60],x)
            except Exception as e: print("!!!!",mod,str(ch)[:60],repr(e)[:300])
